# The words of the page. Each has one of the same name in zh.ftl.

product = Shopkeeper
language = English
skip = Skip to content
nav = Main navigation
nav-today = Today
account = Account
shops = Shops
shops-none = There is no shop yet.
sign-in = Sign in
sign-in-key = Shop key
sign-in-help = The key you were given; it begins with sk_.
sign-in-wrong = This key is mistyped or was taken away.
sign-in-not-operator = This key is not one for a person: use one with the scope operator.
sign-in-wait = Too many tries. Please wait { $n ->
    [one] a second
   *[other] { $n } seconds
}.
sign-out = Sign out
sign-out-everywhere = Sign out everywhere
back-to-start = Back to the start

problem-sign-in = Please sign in
problem-forbidden = This was not let through
problem-not-found = There is no such page
problem-changed = Things have changed meanwhile
problem-too-large = That is too large
problem-refused = That will not do
problem-busy = Busy right now: please try again
problem-broken = Something went wrong: please try again

by-status = By status
status-all = All
status-pending = Waiting
status-processing = In work
status-awaiting-confirm = With the customer
status-revision = To be changed
status-delivering = Being mailed
status-completed = Done
status-failed = Failed
status-cancelled = Cancelled

operation-enhance = make clearer
operation-remove-bg = cut out
operation-resize = resize
operation-fix-old-photo = restore an old photo
operation-layered = layers

waits-you = waits for you
waits-customer = waits for the customer
waits-payment = waits for payment
waits-processor = being worked on
waits-mail = on its way by mail

customer-id = Customer id
filter = Filter
tasks = Orders
tasks-none = No orders here yet.
before = before
after = after
pages = Pages
newest = Back to the newest
older = Older

span-moment = just now
span-minutes = { $n } min
span-hours = { $n } h
span-days = { $n ->
    [one] a day
   *[other] { $n } days
}

back = Back
do-retry = Make it again
do-approve = Let it go to the customer
do-cancel = Cancel this order
do-take-over = I take over
do-give-back = Give back
cancel-sure = This can't be undone.
held = A person looks after this conversation.
hold-customer-asked = The customer asked for one.
hold-revisions-used-up = The free revisions are used up.
hold-processing-off = A change is wanted, but processing is switched off.
hold-taken-over = Somebody took over.
withheld-quality = It did not pass its check and waits for your word.
withheld-conversation = It is kept back while a person has the conversation.
before-after = Before and after
slider = Slide between before and after
attempts = Attempts
attempt = Attempt { $n }
score = Score { $n }
wishes = What the customer wants changed
picture = picture
conversation = Conversation
conversation-none = Nothing was said yet.
the-shop = Shop
unsent = not sent yet
quote = Quote
quote-for = For
quote-price = Price
quote-by = Priced by
settings-revision = settings revision
facts = Details
fact-what = Work
fact-complexity = Complexity
fact-prompt = Prompt
fact-ratio = Ratio
fact-order = Order
fact-attempts = Attempts
fact-email = E-mail
fact-customer = Customer
fact-tags = Tags
not-paid = not paid yet
log = What happened

actor-customer = Customer
actor-processor = Processor
actor-mailer = Mailer
actor-clock = Clock
actor-key = { $scopes } (…{ $id })
event-created = The picture came in
event-payment = Payment received, order { $order } { $amount }
event-payment-settled = An earlier payment was used, order { $order }
event-paid = Paid by order { $order }
event-started-payment = Attempt { $n } began: it was paid
event-started-revision = Attempt { $n } began: the customer wants a change
event-started-retry = Attempt { $n } began: a person wanted it
event-claimed = An image AI took the job
event-result = The result came
event-processing-failed = Processing failed
event-released = The result was let go to the customer
event-revision = The customer wants it changed
event-note = The customer said more
event-payment-awaited = Waits for its payment before it is done again
event-revision-dropped = The customer is content after all
event-address = An address was noted
event-addresses-dropped = The customer took the address back
event-mail = The mail is on its way
event-delivered = The mail went out
event-mail-failed = The mail did not go out
event-cancelled = Cancelled
event-held = A person took the conversation over
event-resumed = The conversation is automatic again
event-reminded = The customer was reminded
event-stuck = It took too long: the operator was told
event-waited = It waited too long
event-tags = The customer's tags changed

## Customers
nav-customers = Customers
customer-begins = Id begins with
find = Find
customers-none = No customers found.
customers-too-many = Too many match: here are the first. Type more of the id.
customer-orders = { $n ->
    [one] 1 order done
   *[other] { $n } orders done
}
with-you = with a person
fact-account = Account
orders-done = Orders done
orders-revised = … of which changed
revisions-asked = Changes asked for
only-wrote = only wrote, never ordered
email-pending = not used yet
email-sent = the last mail went out
email-failed = the last mail did not go out
requirements = What they asked for
pictures = Pictures
do-erase = Erase this customer
erase-title = Erase everything about this customer?
erase-open = { $n ->
    [one] One order is not done yet; it will not be done
   *[other] { $n } orders are not done yet; they will not be done
} any more.
erase-goes = Goes for good
erase-profile = Profile (name, e-mail, tags, wishes)
erase-tasks = Orders (pictures to be worked on)
erase-pictures = Pictures (but those another customer uses)
erase-messages = Messages from the customer
erase-entries = Answers, pictures and notices, sent or not
erase-mails = … of which mails
erase-events = Lines of the log
erase-calls = Calls of plugins and their faults
erase-stays = Stays
erase-payments = Payments: only order number, amount and time, for the accounts, without the customer
erase-sure = Should they write again, they are someone new. Whether money is given back is for you to see to.
do-erase-now = Erase for good
keep = Keep
erase-done = Everything about this customer was erased.

## Alerts
nav-alerts = Alerts
dead-notice = { $n ->
    [one] One thing could not be sent: please have a look
   *[other] { $n } things could not be sent: please have a look
}
dead-title = Could not be sent
dead-none = Nothing: all went out.
dead-help = Tried several times without success. Once the cause is mended, send it again from here.
dead-tries = { $n ->
    [one] tried once
   *[other] tried { $n } times
}
dead-since = given up
dead-created = written
do-resend = Send again
the-order = order
queue-text = Text to the customer
queue-image = Picture to the customer
queue-mail = Mail
queue-agent = Notice to the agent
queue-alert = Notice to the shop
queue-job = Picture to be worked on
told-title = What you were told
told-none = Nothing yet.
told-unheard = No WeChat Work robot is set: what you are told is shown only here.
alert-waiting = not told yet
alert-dead = could not be told
alert-order = order { $order }
alert-account = account { $account }
alert-amounts = { $paid } paid, at least { $wanted } quoted
alert-quality = Score { $score }, { $attempts ->
    [one] one try
   *[other] { $attempts } tries
}; { $then }
alert-held = it waits for your word
alert-sent-anyway = it went to the customer all the same
alert-paid-while-off = Paid while processing is switched off
alert-paid-without-picture = Paid, and there is no picture
alert-amount-too-low = Paid less than was quoted
alert-quality-failed = A result did not pass its check
alert-processing-refused = Processing failed
alert-processing-error = Processing broke
alert-mail-failed = A mail did not go out
alert-hand-off = A customer needs a person
alert-stuck = A task is stuck
alert-paid-not-started = Paid, and not started yet
alert-payment-expired = Paid long ago, and there never was a picture
alert-dead-letter = Something could not be sent
alert-plugin-quarantined = A plugin failed again and again and was switched off
alert-canary-stopped = A plugin on trial failed and was stopped
faults = Faults of plugins
faults-help = The built-in plugin answered in its place; the customer noticed nothing.
figure-role-pricing = Pricing
figure-role-detection = Detection
figure-role-wording = Wording

## Settings
nav-settings = Settings
settings-saved = The settings are saved and hold from now on.
settings-wrong = Not saved yet. Please change:
save = Save
secret-set = Set; not shown here
secret-remove = Use it no longer
settings-prices = Prices and changes
settings-work = Work on pictures
settings-talk = Chat and notices
settings-patience = How long to wait
settings-hours = Opening hours
settings-tags = Tags of customers
settings-more = More
unit-times = times
unit-points = points
unit-pictures = pictures
unit-seconds = seconds
unit-minutes = minutes
unit-days = days
unit-orders = orders
window-from = From
window-to = To
day-mon = Mon
day-tue = Tue
day-wed = Wed
day-thu = Thu
day-fri = Fri
day-sat = Sat
day-sun = Sun
processor-local = This server itself
processor-external = An outside image AI that claims jobs
processor-gemini = Gemini
processor-openai = OpenAI, or an image AI that speaks its interface
capability-settings = read their own settings
capability-log = write a log
capability-wasi = use a standard toolchain (WASI)
set-price-floor = Price floor
set-price-floor-help = No quote goes below this. Empty: no floor.
set-price-ceiling = Price ceiling
set-price-ceiling-help = No quote goes above this; not below the floor. Empty: no ceiling.
set-currency = Currency
set-currency-help = Three capital letters, such as CNY.
set-free-revisions = Free revisions
set-free-revisions-help = The next one goes to a person. A whole number from 0 on.
set-processing-enabled = Start processing when paid
set-processing-enabled-help = Switched off, what is paid waits for you.
set-processor = Who works on the pictures
set-processor-help = Gemini and OpenAI need a key on the server first.
set-hold-failed-quality = Hold back what failed its check
set-hold-failed-quality-help = Such a result waits for your word; otherwise it goes out all the same.
set-image-ai-quality-check = Check results before they go out
set-image-ai-quality-check-help = For Gemini and OpenAI: a model looks at each result first.
set-image-ai-pass-mark = Pass mark
set-image-ai-pass-mark-help = 0 to 100.
set-image-ai-attempts = Make a picture at most
set-image-ai-attempts-help = 1 to 5. Made again until one passes; the best is kept.
set-image-ai-concurrency = At the same time
set-image-ai-concurrency-help = 1 to 16.
set-alert-webhook = WeChat Work robot
set-alert-webhook-help = Tells your group when something is wrong. Its whole address, or its key alone. Empty: the installation's own.
set-chat-webhook = Chat webhook
set-chat-webhook-help = Texts and pictures for customers are pushed here; begins with https:// or http://. Empty: the connector pulls them.
set-agent-url = Agent's address
set-agent-url-help = Told when a result is ready, to tell the customer; begins with https:// or http://. Empty: the shop's own wording.
set-agent-seconds = The agent may take
set-agent-seconds-help = 1 to 60 seconds; then the shop's own wording is sent.
set-mail-from-name = Name on mails
set-mail-from-name-help = At most 64 characters.
set-patience-reminder-minutes = Remind the customer after
set-patience-reminder-minutes-help = Once, in opening hours, where a result gets no answer. Empty: never.
set-patience-stuck-minutes = Tell me of stuck work after
set-patience-stuck-minutes-help = Processing or mailing that does not end. Empty: never.
set-patience-not-started-minutes = Tell me of unstarted orders after
set-patience-not-started-minutes-help = Paid, and nothing was started. Empty: never.
set-patience-parked-days = Keep a payment without a picture for
set-patience-parked-days-help = For those who pay first and send the picture later. Empty: for ever.
set-opening-hours-windows = Open
set-opening-hours-windows-help = Customers are reminded only then. No day ticked: every day. No row: always. Write a window over midnight as two; 00:00 is the end of the day.
set-opening-hours-holidays = Closed on
set-opening-hours-holidays-help = One date a line, such as 2027-02-06.
set-utc-offset-minutes = Time zone
set-utc-offset-minutes-help = Minutes ahead of UTC; 480 is Beijing.
set-tags-returning-orders = 回头客 (returning) from
set-tags-returning-orders-help = Completed orders.
set-tags-big-orders = 大客户 (big) from
set-tags-big-orders-help = Completed orders.
set-tags-revising-orders = 常改稿 (often changes) from
set-tags-revising-orders-help = Completed orders, at least half of them changed.
set-tags-recent-pictures = 高难度 (hard) by the last
set-tags-recent-pictures-help = At least half of them hard.
set-locale = Language of the wording
set-locale-help = Such as zh-CN.
set-plugin-capabilities = Plugins may
set-plugin-capabilities-help = One that asks for more is not activated.

## Shops and keys
nav-keys = Keys
shop-new = A new shop
shop-refused = It was not added. Please change it and try again.
shop-id = Shop id
shop-id-help = 1 to 40 small letters, digits or hyphens, such as demo. It can't be changed later.
shop-name = Name
shop-add = Add the shop
key-fresh = The new key. Copy it now:
key-once = It is shown only this once. If it is lost, make another and revoke this one.
key-new = A new key
key-refused = It was not made: choose at least one use.
key-for = For whom
key-add = Make a key
key-is-new = new
keys-now = Keys there are
keys-none = There is no key yet.
key-revoke = Revoke
key-revoke-sure = Programs that use this key, and people signed in with it, are out at once.
key-revoke-now = Revoke for good
scope-connector = Chat connector
scope-connector-help = Passes on customers' messages and sends the answers.
scope-agent = Agent
scope-agent-help = Takes quotes, notes payments.
scope-image-ai = Image AI
scope-image-ai-help = Recognises pictures, claims jobs, hands in results.
scope-payments = Payments
scope-payments-help = Tells of payments.
scope-operator = People of the shop
scope-operator-help = Sign in to this page and run the shop.

## Figures
nav-figures = Figures
figure-table = As numbers
figure-none = No figures yet.
figure-orders = Orders a day
figure-orders-about = The last 30 days, by when the picture came.
figure-orders-sum = { $n ->
    [one] One order
   *[other] { $n } orders
} in the last 30 days.
figure-orders-by = Day
figure-orders-what = Orders
figure-quotes = Quotes
figure-quotes-about = The latest 1,000 orders by their quote (the middle of a range), in whole units of the shop's currency.
figure-quotes-sum = Half of the quotes are below { $price }.
figure-quotes-by = Price
figure-quotes-what = Orders
figure-deliveries = Time to deliver
figure-deliveries-about = The latest 1,000 finished orders, from the picture's arrival until the mail went out.
figure-deliveries-sum = Half of them within { $span }.
figure-deliveries-by = Time
figure-deliveries-what = Orders
figure-under-10m = <10 min
figure-under-30m = <30 min
figure-under-1h = <1 h
figure-under-3h = <3 h
figure-under-12h = <12 h
figure-under-1d = <1 day
figure-over-1d = more
figure-latencies = Speed of plugins
figure-latencies-about = The latest 500 calls of each role, in milliseconds: 95 of 100 are faster than this.
figure-latencies-sum = { $n ->
    [one] One call
   *[other] { $n } calls
} looked at.
figure-latencies-by = Plugin
figure-latencies-what = Milliseconds
figure-half = half of the calls within
figure-most = 95 % of the calls within
