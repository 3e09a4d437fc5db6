"""The command line and the plugin: the one place where settings, AWS, the clock and the streams are wired together."""
