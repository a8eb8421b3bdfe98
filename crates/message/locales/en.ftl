message-list-title = Inbox
message-new = New
message-none = No messages yet
message-none-text = Results and notices arrive here.
message-also-mail = The same messages also go by mail to { $mail }.
message-see-notice = See why, and apply
message-see-case = See the case
message-sent-mail = Also sent by mail to { $mail }, { $at }.

reminder-title = Coming up
reminder-lead = We tell you ahead of what has its day: passport, licence, check-up. Only what you choose, and only its date, is looked at.
reminder-none = Nothing to tell you yet
reminder-none-text = Choose below what to be told of. The date is read from the register.
reminder-days = { $count ->
    [one] 1 day left
   *[other] { $count } days left
}
reminder-today = today is the last day
reminder-past = { $count ->
    [one] 1 day over
   *[other] { $count } days over
}
reminder-until = until { $date }
reminder-tells = We write to you on { $date }.
reminder-open = Open the form
reminder-go = Go to where it is done
reminder-quiet = Without a date now
reminder-quiet-text = They don't concern you, or the register holds no date. You will be told when there is one.
reminder-choose = What shall we tell you of?
reminder-choose-text = Change it or turn it all off whenever you like. Every look leaves an entry.
reminder-reads = Looked at in { $register }: { $fields }
reminder-save = Tell me of these
reminder-read-at = Looked up in the registers at { $at }.
reminder-why-read = To tell you ahead of what comes due
reminder-wrong = Choose among what there is.
reminder-left = { $name }: { $days ->
    [one] 1 day left
   *[other] { $days } days left
} ({ $date })
reminder-over = { $name }: over since { $date }
reminder-where = Where
reminder-law = Law
reminder-link = Coming up
reminder-link-text = Be told ahead of what has its day: passport, licence, check-up.
reminder-ends = { $name } ends
reminder-case = See what you receive
