"""The one error that is the user's to mend."""


class UserError(Exception):
    """A flag, a file or a machine is not what the program needs.

    The message is one line that names the flag or the file, what was received and what is
    accepted. `main.py` prints it without a stack trace and exits with code 2.
    """
