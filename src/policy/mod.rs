//! When, with which key, how often, at what price; every decision takes `now` as an argument.
