"""Point what starts tasks by itself at a revision: a rule of EventBridge, or a schedule of EventBridge Scheduler.

Neither has a version that a write could name. So it is read right before it is written, and only what it runs is
changed in what was read; and read again until it shows that. What somebody else pointed elsewhere meanwhile is theirs.
"""
