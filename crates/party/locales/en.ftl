signin-wrong = The name or the password is not right. Please check both
