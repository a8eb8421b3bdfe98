message-list-title = 사서함
message-new = 새 글
message-none = 아직 온 글이 없습니다
message-none-text = 결과와 알림이 여기로 옵니다.
message-also-mail = 같은 글을 전자우편으로도 보내 드립니다: { $mail }
message-see-case = 이 건 보기
message-sent-mail = { $at }에 전자우편으로도 보냈습니다: { $mail }
