new ActiveXObject("X.Y"); TouchEnNx.init();
