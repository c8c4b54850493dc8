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
