"""The server behind the page: uploads, sessions, guards, health, tools, and its end.

All that touches Gradio's inside stands in `inside`, and every assumption of it is under a test that
says what broke. Every room of the page but its look and settings may import it.
"""
