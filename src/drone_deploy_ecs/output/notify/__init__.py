"""What is told of a run elsewhere: in a chat, by mail, wherever Apprise reaches."""
