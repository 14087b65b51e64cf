"""The words of the page in the language of whoever is answered, and English words of the API.

    text.WAITING_TITLE, text.VOICE_COUNT.format(count=3)

What is not written here stands in the catalogues of `ser_core.ui.words`, under the same name. A
name means another sentence in each language, so it is looked up where the sentence is said: never
at the top of a module, nor as a default.

Sentences about audio that cannot be used come from ser_core.errors, in English.
"""

from typing import Any

from ..words.catalogue import look_up


def __getattr__(name: str) -> Any:
    """Give the sentence of that name: a Sentence, a Plural, or tuples and mappings of them."""
    try:
        return look_up(name)
    except KeyError:
        raise AttributeError(f"no catalogue has {name}") from None


# What programs are told, by the endpoints and by the server: always in English.
NOT_A_LIST = "Expected a list of recordings uploaded here, each as /predict takes one."
NOT_AN_UPLOAD = (
    "This is not a recording uploaded here: send the file to /gradio_api/upload first, and pass "
    'what that answers as {"path": ..., "meta": {"_type": "gradio.FileData"}}. An upload is good '
    "for one call."
)
NOT_FETCHED = (
    "This server fetches no recordings from web addresses: send the file itself, to "
    "/gradio_api/upload. The app's owner can allow addresses with SER_FETCH=1."
)
FETCH_FAILED = (
    "No recording could be fetched from this address: expected a public http:// or https:// "
    "address that answers with a sound file within a minute; check it, or send the file itself."
)
CLOSED = "This app does not use this part of Gradio, so it is closed."
BAD_REQUEST = (
    "The request could not be read: compare it with what the tab About & API shows, and with "
    "/gradio_api/info."
)
NOT_HERE = "There is nothing at this address."
NOT_SERVED = "This is not served to anyone."
WRONG_METHOD = "This address is not asked in this way: see the header Allow."
WRONG_TYPE = "Expected a body of the kind application/json."
NOT_ACCEPTABLE = "The header Accept has to allow application/json and text/event-stream."
WRONG_RANGE = "There is no such part of it."
WRONG_INPUT = "An input is of another kind than this part of the app takes."
LONG_ADDRESS = "The address is too long: expected at most 4,000 bytes of path and of query."
LONG_NAME = "There is nothing at this address, and no name is as long as one in it."
NO_UTF8 = "The request holds text that is no UTF-8: send it as UTF-8."
CONTROL_CHARACTERS = "The address holds control characters, which no name here has."
NO_HOST = "The header Host, or what a proxy says of it, names no host."
NO_JSON = "The body is no JSON: expected one value as RFC 8259 has it, without NaN or Infinity."
DEEP_JSON = "The body is nested too deeply: expected at most {levels} levels."
NO_NUMBER = "The body holds a number that is too large, or none: expected 64 bits."
NO_OBJECT = 'Expected a JSON object, such as {"data": [...]}.'
NO_FIELD = "The body has no {name}, which this address needs."
WRONG_FIELD = "The body's {name} is of another kind than this address takes: expected {kind}."
BATCHED = "Nothing here takes a batch: leave batched out."
NO_PAGE = "This app has one page, without a name."
NO_EVENT = "There is no such endpoint: /gradio_api/info lists those that there are."
NO_SESSION = "This session has called nothing here, so it has no answers to wait for."
NO_CALL = "There is no such call, or its answer has been fetched: call again."
NO_IDENTITY = "Expected a name of up to 128 letters, digits, dots, colons, dashes and underscores."
WRONG_COUNT = "This endpoint takes {wanted} inputs, got {given}: see /gradio_api/info."
WRONG_ARGUMENTS = "This endpoint takes these arguments: {names}. See /gradio_api/info."
DOT_NAME = "A file's name may not begin with a dot, and has to have letters: rename the file."
TOOL_FILE = (
    "This is no recording: expected data:audio/wav;base64,... with the file itself or, where the "
    "server allows it, a web address that begins with http:// or https://."
)
TOOL_KIND = "The argument {name} is of another kind than this tool takes: expected {kind}."
TOOL_NEEDS = "This tool needs these arguments: {names}."
TOOL_UNKNOWN = "There is no such tool, or it takes other arguments: ask for the list of tools."
WRONG_LOGIN = "Incorrect credentials."
LOG_EVENT = "An event could not use an input."
LOG_UNAVAILABLE = "The app takes nothing new at the moment."
LOG_NO_CALL = "A client of the tools sent what is no call."
LOG_ELSEWHERE = "another address"
NO_HTTP = "This is no HTTP request: expected a head as HTTP/1.1 has it, and a body of its length."
LONG_HEADERS = "The request's head is too long: expected at most 16 kB."
TOO_SLOW = "The request did not arrive in time: send its head at once, and its body without a rest."
CROWDED = "The app holds as many connections as it may: try again in a moment."
LOG_HALF_HEAD = "without a whole request"
LOG_HALF_BODY = "with a body that did not arrive"
LOG_UNREAD = "whose answer was not read"
LOG_MADE_ROOM = "without a request, for others to have room"
LOG_NOT_TAKEN = "that the system could not open"
LOG_TURNED_AWAY = "turned away, as all others are in use"
