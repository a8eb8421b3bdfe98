message-list-title = Inbox
message-new = New
message-none = No messages yet
message-none-text = Results and notices arrive here.
message-also-mail = The same messages also go by mail to { $mail }.
message-see-case = See the case
message-sent-mail = Also sent by mail to { $mail }, { $at }.
