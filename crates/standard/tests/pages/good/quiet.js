// See the list.
document.documentElement.dataset.ready = "yes";
