record-why-own = To see my own data
record-said = What I answered
record-notice = Notice of the welfare membership
record-case-file = Application
record-you = Me
record-automatic = automatic look-up
record-me-title = My data
record-me-lede = What { $count } registers hold about you. Looking here is recorded too.
record-said-text = What you answered yourself. We use it only to find your services.
record-said-on = answered on { $day }
record-forget = Delete
record-empty = Registers with nothing about me
record-empty-text = These registers hold no entry in your name.
record-wrong = Is something wrong?
record-wrong-text = You can ask the agency that keeps the register to correct it. Call 110 to learn where.
record-accesses-title = Who looked at my data?
record-accesses-lede = In the last { $days } days { $units ->
    [1] one office
   *[other] { $units } offices
  } looked { $times ->
    [1] once
   *[other] { $times } times
  }. Every look is listed.
record-accesses-none = No office looked at your data in the last { $days } days.
record-most-unit = Looked most often
record-most-register = Most looked at
record-times = { $times ->
    [1] once
   *[other] { $times } times
  }
record-own = Your own looks
record-own-text = Opened by you, to find services or fill in a form
record-log = Record
record-who = Who
record-who-all = Everyone, me too
record-who-others = Offices only
record-when = When
record-days-30 = Last 30 days
record-days-365 = Last year
record-what = What
record-what-count = { $count } things
record-why = Why
record-proof = Proof
record-proof-get = Proof no. { $place }
record-proof-soon = being written
record-log-none = No entries
record-log-none-text = When somebody looks at your data it is written here at once.
record-proof-what = What is a proof?
record-proof-what-text = A short file with which you can work out for yourself that the entry was not changed or removed later. It says how.
record-odd = Does an entry look odd?
record-odd-text = Call 110 with the receipt number or the date, and the agency explains why.
error-no-grant = You may not see this: consent has ended or was not given for this work.
record-files = attached files
ledger-lede = Who looked at whose data is kept as a chain: whatever is changed or taken out is found. Nobody's data is shown here.
ledger-now = Now
ledger-links = Links
ledger-entries = Entries looked at
ledger-head = Value of the last link
ledger-took = Time taken
ledger-millis = { $n } milliseconds
ledger-check = Check now
ledger-check-again = Check again
ledger-how = Every link is computed anew from the first one, and every entry compared with what stands at its place. As a command: maru audit.
ledger-fits = Everything fits
ledger-fits-text = Nothing was changed or taken out. Write the value of the last link down somewhere else, and it can be compared later.
ledger-unfit = { $count ->
    [one] { $count } thing does not fit
   *[other] { $count } things do not fit
  }
ledger-unfit-text = Change nothing. Keep a copy of the data as it is, tell the auditors, and compare with earlier backups since when it is so.
ledger-fault-broken = The chain breaks at place
ledger-fault-changed = This entry was changed:
ledger-fault-elsewhere = This entry is not what stands at its place:
