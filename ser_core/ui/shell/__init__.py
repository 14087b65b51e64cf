"""The command line `ser`: one module a command, which parses, calls and prints.

`program` joins the commands and ends them with a sentence and a status. What a command needs is
imported when it runs, so that help and completion come at once; `serve_command` alone imports the
page. Nobody but `ser_core.__main__` imports this room.
"""
