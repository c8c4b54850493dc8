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
