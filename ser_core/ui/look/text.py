"""Every word the page shows, in one place; names in braces are filled in and escaped.

Sentences about audio that cannot be used come from ser_core.errors and are shown as they are.
"""

TITLE = "Speech emotion recognition"
QUESTION = "What does this voice express?"
LEAD = "Say a sentence, and see what a listener would hear in it, and how sure that is."
LEAD_OTHER = (
    "Record your voice or upload a recording, and see which of {count} labels suits it best, and "
    "how sure the model is."
)
FOOTER = (
    "The answer describes how a voice sounds, not what a person feels. Do not use it to judge "
    "people."
)
MODEL_LINE = "Model: {model}."
EMBEDDED_MODEL = "the one that comes with this app"
REVISION = "{model}, revision {revision}"

# A page without its model
UNAVAILABLE_TITLE = "The model could not be loaded"
UNAVAILABLE_HINT = (
    "No other model takes its place. Whoever runs this app can set SER_MODEL_ID and "
    "SER_MODEL_REVISION, or unset both for the embedded model, and restart it."
)

# A page for a group
LOGIN = "This page asks for a name and a password. Its owner gives them out."

# Predict
PREDICT_TAB = "Predict"
RECORDING = "Recording"
RUN = "Try again"
LIMITS = (
    "Up to {seconds:g} seconds and {megabytes} MB: WAV, FLAC, OGG, Opus, MP3, M4A or WebM. One "
    "person speaking clearly works best. A recording is deleted from the server after about "
    "{minutes:g} minutes, and nothing is kept."
)
WAITING_TITLE = "Say a sentence"
WAITING = "Record it or upload a file, and what it sounds like appears here."
WORKING_TITLE = "One moment"
WORKING = "The recording is being analyzed."
PROBABILITY = "{percent} probability"
TOP = "Most likely"
ALL = "All eight emotions"
ALL_OTHER = "All labels"
UNCERTAIN_TITLE = "Not sure"
UNCERTAIN = "No emotion stands out enough to be relied on."
UNCERTAIN_MOST_LIKE = "Most likely {label}, with a probability of {percent}."
NO_SPEECH_TITLE = "No speech found"
NO_SPEECH = (
    "Nobody seems to speak in this recording, so there is no emotion to report. Speak closer to "
    "the microphone, check that it is not muted, and try again."
)
SPEECH_SECONDS = "{speech:.1f} s of speech in a recording of {duration:.1f} s"
INTENSITY = "Intensity {percent}"
LIKELY = "With {coverage:.0%} confidence: {labels}."
LIKELY_OR = "{others} or {last}"
FAMILIAR = "Like the voices it learned from"
UNFAMILIAR = "This does not sound like what the model was trained on: take the answer with care."
FAILED_TITLE = "This recording cannot be used"
NO_RECORDING = "There is no recording yet: record one or upload a file first."
GONE = (
    "The recording is no longer on the server, which keeps recordings for about {minutes:g} "
    "minutes: record or upload it again."
)

FAULT = (
    "Something went wrong on the server. Please try again; if it keeps happening, the people who "
    "run this app can find the reason in its log."
)
TURN = "Your place in the queue:"
BUSY_TITLE = "The server is busy"
BUSY = (
    "It did not take this recording, most likely because too many are waiting already. Press the "
    "button again in a moment."
)
FULL = "Too many recordings are waiting: no more than {most} may. Try again in a moment."
ENDING = "The app is shutting down and takes nothing new: try again in a minute."

# Predict: moments
PLAY = "Play or pause the recording"
WAVEFORM = "The recording as a waveform."
PLACE_IN_RECORDING = "Place in the recording"
UNPLAYABLE = (
    "This cannot be played: your browser does not know this kind of file, or the recording is no "
    "longer on the server, which keeps recordings for about {minutes:g} minutes."
)
MOMENTS_DARKER = "darker: spoke for {label}"
MOMENTS_STRONGEST = "The recording as a waveform; {start} to {end} s spoke most for {label}."
MOMENTS_NONE = (
    "The recording as a waveform; no single moment decided for {label}: without any one of them it "
    "is as likely, or likelier."
)

# Examples
EXAMPLES = "Or try one of these"
EXAMPLES_NOTE = (
    "Made by a speech synthesizer. The model learned from people, so its answers to these prove "
    "nothing."
)
EXAMPLE_NAMES = {
    "plain": "Plain",
    "angry": "Loud and rough",
    "sad": "Slow and flat",
    "happy": "Quick and lively",
    "afraid": "High and shaking",
    "room": "Room, no speech",
    "conversation": "A conversation, 56 seconds",
}

# History
HISTORY = "My history"
HISTORY_INTRO = (
    "Keep this tab's answers in this browser, up to the last {most}: emotion, probabilities and "
    "time, never a recording or its name. They are sent to the server to be drawn, and it keeps "
    "none. Examples are left out. Anyone who uses this browser can see them."
)
HISTORY_SWITCH = "Remember my answers in this browser"
HISTORY_OFF = "Nothing is remembered."
HISTORY_EMPTY = "Nothing yet: the next answer will be the first."
HISTORY_ERASE = "Erase and switch off"
HISTORY_NOTE = (
    "Each mark is one answer, fainter where the model was not sure; the percentages are shares of "
    "the answers. Times are in UTC. How a voice sounded is not how anybody felt."
)
HISTORY_HEADERS = ("Time (UTC)", "Emotion", "Probability")
HISTORY_SUMMARY = "{count} answers from {first} to {last}: {shares}."

# Feedback
FEEDBACK = "Was this right?"
FEEDBACK_NOTE = (
    "Only if you like, and only when you press the button. The data set {repo} on the Hugging "
    "Face Hub then keeps your choice, the answer and its probabilities, whether it was adapted to "
    "a voice, the model and its version, and the date. Nothing says whose it is, so it cannot be "
    "taken back."
)
FEEDBACK_LABEL = "To me it sounds"
FEEDBACK_OTHER = "None of these"
FEEDBACK_AUDIO = "Include the recording: those who can read the data set can then hear my voice"
FEEDBACK_SEND = "Send feedback"
FEEDBACK_CHOOSE = "First choose what it sounds like to you."
FEEDBACK_NONE = "The answer is no longer here to say anything about, and nothing was sent."
FEEDBACK_FULL = "Feedback cannot be taken at the moment, and nothing was sent. Try again later."
FEEDBACK_THANKS = "Thank you. The recording was not kept."
FEEDBACK_THANKS_AUDIO = "Thank you. The recording is kept with it, without its name."
LIMITS_FEEDBACK = "What you send as feedback is kept elsewhere."
PRIVACY_NOTE_FEEDBACK = "Nothing but the feedback that you send."
PRIVACY_FEEDBACK = (
    "Feedback that you send goes to the data set {repo} on the Hugging Face Hub: your choice, the "
    "answer, its probabilities, whether it was adapted to a voice, model, version and date. The "
    "recording goes with it only where you tick that box, as sound alone, without name and tags."
)

# Predict: one voice
VOICE = "Make it mine"
VOICE_INTRO = (
    "Some voices sound sad, or angry, whatever they say. Add recordings of one voice, and the "
    "answers on this tab take that into account. It takes {least} at least; ten or more help "
    "most, in moods as different as possible. You need not say what they express."
)
VOICE_LIMITS = (
    "Up to {most} recordings of {seconds:g} seconds. Only {numbers} numbers about the voice are "
    "kept, for this page alone, until you press the button, or for up to an hour after you close "
    "it; the recordings are deleted like any other."
)
VOICE_RECORDINGS = "Recordings of one voice"
VOICE_FORGET = "Forget this voice"
VOICE_NONE = "Not adapted: answers are for voices in general."
VOICE_WORKING = "Learning the voice."
VOICE_ADAPTED = "Adapted to this voice with {used}."
VOICE_ADAPTED_SOME = "Adapted to this voice with {used} of {given}; nobody speaks in the others."
VOICE_ANSWER = "Adapted to the voice in {used}."
VOICE_ONE_RECORDING = "1 recording"
VOICE_COUNT = "{count} recordings"
VOICE_TOO_MANY = "Too many recordings: expected at most {most}, got {given}; remove some."

# Emotions along time
STRIP_PART = "{label} {seconds:.0f} s"
STRIP_SILENCE = "no speech {seconds:.0f} s"

# Live
LIVE_TAB = "Live"
LIVE_INTRO = (
    "Speak, and see twice a second what the last seconds sound like, and how that changes over "
    "the last minute."
)
LIVE_MICROPHONE = "Microphone"
LIVE_CLEAR = "Clear"
LIVE_LIMITS = (
    "Sound is deleted from the server as soon as it is analyzed; a minute of answers is kept "
    "while you speak, and nothing afterwards. Up to {visitors} visitors can use this at a time, "
    "and each may have to wait for a new turn after {minutes:g} minutes."
)
LIVE_WAITING_TITLE = "Not listening"
LIVE_WAITING = "Press Record and speak, and the answer appears here."
LIVE_STARTING_TITLE = "Listening"
LIVE_STARTING = "The first answer comes after half a second of sound."
LIVE_WINDOW = "What the last {seconds:.1f} seconds sound like."
LIVE_UNFAMILIAR = (
    "The last {seconds:.1f} seconds do not sound like what the model was trained on: take the "
    "answer with care."
)
LIVE_NO_SPEECH_TITLE = "Nobody is speaking"
LIVE_NO_SPEECH = "No speech was found in the last seconds, so there is no emotion to report."
LIVE_UNCERTAIN_SHORT = "Not sure, most likely {label}"
LIVE_FAILED_TITLE = "This sound cannot be used"
LIVE_FAULT = "A piece of sound did not arrive whole and was left out; the next one is used."
LIVE_STOPPED_TITLE = "Stopped"
LIVE_STOPPED = "Analyzed {seconds:.0f} s of sound, about {speech:.0f} s of it speech."
LIVE_STOPPED_SHARES = "Of the speech: {shares}."
LIVE_STRIP = "The last minute"
LIVE_STRIP_NOTE = (
    "In the gaps nobody speaks; fainter pieces are where the model is not sure. The percentages "
    "are shares of all the time you spoke."
)
LIVE_STRIP_SUMMARY = "The last minute: {parts}."
LIVE_TICKS = ("now", "15 s", "30 s", "45 s", "60 s ago")

# Timeline
TIMELINE_TAB = "Timeline"
TIMELINE_INTRO = (
    "Upload or record something longer, and see how the emotion changes over time, and where "
    "nobody speaks."
)
TIMELINE_WHO_SPEAKS = "More than one person?"
TIMELINE_LIMITS = (
    "Up to {minutes:g} minutes and {megabytes} MB: WAV, FLAC, OGG, Opus, MP3, M4A or WebM. "
    "Recording and files are deleted from the server after about {kept:g} minutes, and nothing is "
    "kept."
)
TIMELINE_WAITING_TITLE = "No recording yet"
TIMELINE_WAITING = "Record or upload something, and its timeline appears here."
TIMELINE_WORKING = "The longer the recording, the longer this takes."
TIMELINE_PROGRESS_BEGUN = "{done} of the recording"
TIMELINE_PROGRESS = "{done} of the recording, about {remaining} to go"
TIMELINE_NO_SPEECH = "Nobody seems to speak in this recording, so there is no emotion to report."
TIMELINE_MOSTLY_TITLE = "Mostly {label}"
TIMELINE_MOSTLY = "{share} of the {seconds:.0f} s of speech"
TIMELINE_THEN = "then {parts}"
TIMELINE_THEN_PART = "{label} {share}"
TIMELINE_SURE = "How sure is that?"
TIMELINE_VOTES = (
    "Of {windows} windows with speech {share} are likeliest {label}, each taken by itself."
)
TIMELINE_INTERVAL = "The true share probably lies between {low} and {high} (95% interval)."
TIMELINE_OVERALL = "The recording as a whole sounds most like {label}."
TIMELINE_STRIP_NOTE = (
    "Click a piece to play it; the line shows where the player is. In the gaps nobody speaks; "
    "fainter pieces are where the model is not sure."
)
TIMELINE_PEOPLE = "Separate the speakers"
TIMELINE_PEOPLE_NOTE = "How many people speak in the recording."
TIMELINE_PEOPLE_OFF = "No"
TIMELINE_CHANNELS = "Channels"
TIMELINE_CHANNELS_NOTE = (
    "On some calls each side is on a channel of its own. Where channels are taken apart, each is a "
    "speaker, whatever the number of people says."
)
TIMELINE_CHANNELS_CHOICES = {
    "auto": "Apart where they differ",
    "mix": "Mixed",
    "separate": "Apart",
}
TIMELINE_CHANNELS_VALUE = (
    "The channels must be one of {choices}, and apart only without a number of speakers, got "
    "{given}."
)
TIMELINE_CHANNELS_APART = "Each channel is a speaker, and was analysed on its own."
TIMELINE_SPEAKER = "Speaker {name}"
TIMELINE_SPEAKERS = "What each speaker sounds like"
TIMELINE_SPEAKERS_NOTE = (
    "Speakers are separated by the sound of their voices alone: where voices are alike, or people "
    "talk at once, some of the speech goes to the wrong one."
)
TIMELINE_SPEAKERS_HEADERS = ("Speaker", "Most of the time", "Of their speech", "Speaks for")
TIMELINE_SPEAKERS_SECONDS = "{seconds:.0f} s"
TIMELINE_SPEAKERS_NUMBER = (
    "The number of speakers must be 0, where they are not to be separated, or {least} to {most}, "
    "got {given}."
)
TIMELINE_SUMMARY = "Along the recording: {parts}."
TIMELINE_SEGMENTS = "Segments as a table ({count})"
TIMELINE_HEADERS = ("Time", "Emotion", "Probability")
TIMELINE_WHO = "Speaker"
TIMELINE_INTENSITY = "Intensity"
TIMELINE_UNSURE = "not sure"
TIMELINE_LEFT_OUT = "{count} more are in the files above."
TIMELINE_DOWNLOAD = "Save as {form}"
TIMELINE_SAVE = (
    "Save it as a table, as subtitles, or for Praat, ELAN, Audacity and Label Studio. RTTM says "
    "who speaks, so it needs speakers."
)
EXPORT_FORMAT = "A timeline is written as {formats}; got {given}."

# Compare
TEACH_TAB = "Teach"
TEACH_INTRO = (
    "Teach it words of your own, such as bored and engaged, from a few clips of each. It says how "
    "well that went before you rely on it."
)
TEACH_NO_EMBEDDINGS = (
    "The model of this app cannot be taught: it gives no embeddings. Serve one that does, as the "
    "one that comes with the app."
)
TEACH_MISSING = (
    "Teaching needs scikit-learn, which is not installed here. Whoever runs this app can install "
    "it: pip install 'ser-core[teach]'."
)
TEACH_LABEL = "Label"
TEACH_LABEL_NOTE = "What the next clips are of, such as bored."
TEACH_FILES = "Upload clips of it"
TEACH_MICROPHONE = "Or record one"
TEACH_START = "Name a label, and add at least three clips of it. Then do so for another."
TEACH_LISTENING = "Listening to the clips."
TEACH_WORKING = "Learning, and testing what was learned."
TEACH_DONE = "Learned. Look at the test below before you rely on it."
TEACH_ADDED = "Added to {label}: {count}."
TEACH_NO_LABEL = "Name the label first."
TEACH_WAIT = "Your clips wait: press Enter in the label's box to add them."
TEACH_GONE = (
    "These clips are no longer on the server: they have been added already, or were not within "
    "{minutes:g} minutes."
)
TEACH_MORE_FAULTS = "There are {count} more that cannot be used."
TEACH_LONG_LABEL = "A label has at most {most} letters, all of which can be seen: choose another."
TEACH_MANY_LABELS = "There are {most} labels already, and more cannot be taught here: remove one."
TEACH_MANY_CLIPS = "There are {most} clips already, and more cannot be taught here."
TEACH_NO_SPEECH = "nobody seems to speak in it, so nothing can be learned from it."
TEACH_TWICE = "this very clip is already under {label}."
TEACH_NOT_THERE = "There is no label {label}: write the one to remove where labels are named."
TEACH_DROPPED = "{label} is removed, with its clips."
TEACH_EMPTY = "No clips yet."
TEACH_HEADERS = ("Label", "", "Clips")
TEACH_LACKING = "{count} more needed"
TEACH_ONE_LABEL = "One label more is needed, to tell this one from."
TEACH_DROP = "Remove this label"
TEACH_OVER = "Start over"
TEACH_RUN = "Teach it"
TEACH_REPORT = "How well it learned"
TEACH_REPORT_HEADERS = ("Label", "Taken for instead", "Clips", "Right")
TEACH_REPORT_NOTE = (
    "Each clip was answered by a model that was taught all the others. Clips of one voice, or said "
    "in one go, make this look better than it is for other voices."
)
TEACH_TRY = "Try it"
TEACH_TRY_NOTE = "Record or upload something that it was not taught."
TEACH_WAITING = "What the taught model says of a recording appears here."
TEACH_NOT_YET = "Nothing has been taught yet: add clips and teach it first."
TEACH_PACK = "Prepare the model as a file"
TEACH_SAVE = "Download the model"
TEACH_LIMITS = (
    "Up to {labels} labels and {clips} clips, each of up to {seconds:g} seconds. A clip is deleted "
    "from the server as soon as it has been listened to; what was learned is kept until you start "
    "over, or for up to an hour after you close the page, and a file of it for about {minutes:g} "
    "minutes."
)
COMPARE_TAB = "Compare"
COMPARE_INTRO = (
    "Set two to six recordings side by side: the same sentence said in different ways, or one "
    "before and one after."
)
COMPARE_RECORDINGS = "Recordings to compare"
COMPARE_MICROPHONE = "Record one more"
COMPARE_RUN = "Compare the recordings"
COMPARE_LIMITS = (
    "{least} to {most} recordings of up to {seconds:g} seconds and {megabytes} MB each. They are "
    "deleted from the server after about {minutes:g} minutes, and nothing is kept."
)
COMPARE_WAITING_TITLE = "Nothing to compare yet"
COMPARE_WAITING = "Upload or record at least two, and the answers appear here."
COMPARE_ONE_MORE = "That is one recording. Add another, and the answers appear here."
COMPARE_MANY_TITLE = "Too many recordings"
COMPARE_COUNT = "Expected {least} to {most} recordings to compare, got {given}."
COMPARE_NAME = "{position}. {name}"
COMPARE_RECORDING = "Recording {position}"
COMPARE_UNSURE = "Not sure: {label}?"
COMPARE_NO_SPEECH = "Nobody seems to speak in it, so there is no emotion to report."
COMPARE_EMOTION = "Emotion"
COMPARE_TABLE = "All probabilities as a table"

# About & API
ABOUT_TAB = "About & API"
USE = "What it is for"
USE_POINTS = (
    "It says which emotion a listener would hear, not what anybody feels: a calm voice can hide "
    "anger, and an actor's tears are not grief.",
    "It learned from acted speech of a few speakers. With other languages, ages, accents, noise "
    "or feelings nobody acts, it is wrong more often, and its probabilities mean less.",
    "Do not use it on people at work or in education, which the European Union's AI Act forbids "
    "(article 5(1)(f)), nor in policing, health, credit or any other decision about a person.",
    "Tell people when they are exposed to it (article 50(3)), and record nobody without asking.",
)
PRIVACY = "What is kept"
PRIVACY_NOTE = "Nothing."
PRIVACY_POINTS = (
    "A recording that a program sends is deleted as soon as it is answered, live sound as soon as "
    "it is analyzed, and one made or uploaded on the page after about {minutes:g} minutes.",
    "The server holds a page's last answer for that long, and what you taught it, as numbers, "
    "while the page is open; what a page leaves when you close it is forgotten within an hour. "
    "Nothing is learned from answers, and nobody is told: this page loads nothing from elsewhere "
    "and reports nothing to anyone.",
    "Your history, if you switch it on, stays in your browser until you erase it.",
    "Whoever runs the server may log addresses, as with any page.",
)
ABOUT_LIMITS_TITLE = "Limits of this server"
ABOUT_LIMITS_HEADERS = ("What", "At most")
ABOUT_LIMITS = (
    ("Recording with one answer", "{max_seconds:g} s"),
    ("Recording with a timeline", "{max_timeline_seconds:g} s"),
    ("Size of an upload", "{max_megabytes} MB"),
    ("Recordings of one comparison", "{most}"),
    ("Recordings analyzed at a time", "{concurrency}"),
    ("Recordings that may wait", "{queue}"),
    ("Visitors on Live at a time", "{live_visitors}"),
)
ENDPOINTS_TITLE = "Endpoints"
ENDPOINTS_NOTE = (
    "Every answer is JSON, and every error a sentence. An uploaded file is good for one call; "
    "upload it again for the next. Every one that predicts also takes labels to choose "
    "between, and groups of labels that count as one."
)
ENDPOINTS_HEADERS = ("Endpoint", "Takes", "Answers")
ENDPOINTS = (
    ("/predict", "a recording", "status, label, confidence, the three likeliest emotions"),
    ("/predict_all", "a recording", "the same with all probabilities, intensity and lengths"),
    (
        "/analyze",
        "a long recording, number of people, channels",
        "a timeline: segments, shares, speakers",
    ),
    (
        "/export",
        "the same and a format",
        "the timeline as a file: subtitles, TextGrid, ELAN, Audacity and others",
    ),
    ("/compare", "two to six recordings", "what /predict_all answers, or an error, for each"),
    ("/embed", "a recording", "its embedding, the same count of numbers for every recording"),
    ("/model_info", "nothing", "model, version, labels, measured accuracy, licence, limits"),
    ("/health", "nothing, by plain GET", "status, model, revision, version"),
)
SNIPPETS_TITLE = "Call it from a program"
SNIPPET_NAMES = (
    ("python", "Python", "With pip install gradio_client."),
    ("javascript", "JavaScript", "With npm install @gradio/client, here in Node.js."),
    ("curl", "curl", "Upload the file, make the call, and fetch its answer."),
    (
        "mcp",
        "MCP",
        "For language models: every endpoint but /health is a tool. A recording is given by its "
        "web address if its owner allows that, or whole as data:audio/wav;base64,...",
    ),
)
MCP_OFF = (
    "Tools for language models are off here. Whoever runs this server can turn them on with "
    "SER_MCP=1; this is then the client's setting:"
)
LOGIN_NOTE = (
    'This server asks for a login. In Python: Client(..., auth=("user", "password")). In '
    'JavaScript: Client.connect(..., { auth: ["user", "password"] }). With curl: post '
    "-F username=user -F password=password to /login with -c jar first, and call with -b jar."
)
COPY = "Copy"
COPIED = "Copied"

# API
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

# Requests that are no requests, and connections
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
LARGE_REQUEST = (
    "The request is too large: expected recordings as uploads, under names as files have, and at "
    "most 1 MB of the rest."
)
DISK_FULL = "The server has no room for this recording at the moment: try again later."
UNFORESEEN = "Something went wrong in the app, and its log says where: try again."
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
LOGIN_BUSY = "Too many logins from this address are waiting: try again in a minute."
TOOL_FILE = (
    "This is no recording: expected data:audio/wav;base64,... with the file itself or, where the "
    "server allows it, a web address that begins with http:// or https://."
)
TOOL_KIND = "The argument {name} is of another kind than this tool takes: expected {kind}."
TOOL_NEEDS = "This tool needs these arguments: {names}."
TOOL_UNKNOWN = "There is no such tool, or it takes other arguments: ask for the list of tools."
WRONG_LOGIN = "Incorrect credentials."  # as Gradio says it
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
TOO_LARGE = "The recording is too large: expected at most {megabytes} MB; cut it or compress it."

# Files of the model repository
FILE_MISSING = "This model's repository has no {name}, so there is nothing to show here."
FILE_UNREADABLE = "This model's {name} cannot be shown: {reason}"
NOT_STATED = "not stated"

# Dataset
DATASET_TAB = "Dataset"
DATASET_INTRO = "The recordings that the model learned from and was tested on."
CORPORA = "Recordings"
CORPORA_HEADERS = ("Corpus", "Used for", "Language", "Speakers", "By speaker", "Clips", "Hours")
SPEAKERS = "{count} ({parts})"
CLIPS_EACH = "{least} each"
CLIPS_FROM_TO = "{least} to {most}"
SOURCES = "Sources and licences"
SOURCES_HEADERS = ("Corpus", "Licence", "Citation")
DISTRIBUTION = "{corpus}: clips by emotion and gender"
DURATIONS = "{corpus}: length of the clips"
DURATIONS_NOTE = "From {shortest:.1f} s to {longest:.1f} s, half of them below {median:.1f} s."
EMOTIONS = "The eight emotions"
EMOTIONS_OTHER = "The labels"
EMOTIONS_OTHER_HEADERS = ("Label", "What it tends to sound like", "Clips")
EMOTIONS_HEADERS = ("Emotion", "What it tends to sound like", "Clips")
LANGUAGES = {"en": "English", "pl": "Polish", "de": "German", "fr": "French", "it": "Italian"}

# Model: what was measured
MODEL_TAB = "Model"
RESULTS = "How often it is right"
GLANCE_GUESS = "Guessing"
GLANCE_MODEL = "This model"
GLANCE_PEOPLE = "People"
GLANCE_PEOPLE_NOTE = "People: how often listeners name what the actors meant, by {source}."
GLANCE_ACCURACY = "of the answers name the label that the recording has"
GLANCE_SURE = "Sure"
GLANCE_SURE_MEANS = "of the recordings get an answer; to the others it says that it is not sure"
DATASET_MORE = "Corpus by corpus: emotions, lengths, licences"
FOR_USERS = "For whoever uses it: by emotion, voice, noise and telephone"
FOR_ENGINEERS = "For engineers: all measurements, how it works, how it was trained"
FIGURES = "Figures"
PROTOCOLS = {
    "speaker": (
        "Measured on {clips} clips of {speakers} speakers. Every speaker was tested by a model "
        "trained without that speaker."
    ),
}
PROTOCOL_OTHER = "Measured on {clips} clips of {speakers} speakers, by the protocol {protocol}."
PROTOCOL_NAMELESS = "Measured on {clips} clips, by the protocol {protocol}."
CORPUS_LIMITS = {
    "ravdess": (
        "The speech is acted, in studio quality, by professional actors who all say the same two "
        "English sentences. With spontaneous speech, other languages, noise or music, expect it "
        "to be right less often."
    ),
}
ACCURACY = "Accuracy"
ACCURACY_MEANS = "of the answers are right; guessing gives {chance}"
INTERVAL_MEANS = "of the answers are right (95% interval {low} to {high}); guessing gives {chance}"
UAR = "UAR"
UAR_MEANS = "mean of the recalls: every emotion counts the same"
MACRO_F1 = "Macro F1"
MACRO_F1_MEANS = "mean of the F1 scores of the emotions"
TOP3 = "Top three"
TOP3_MEANS = "of the clips have the right emotion among the first three answers"
ECE = "Calibration error"
ECE_MEANS = "ECE: how far the stated probabilities are from how often they come true"
NLL = "Log loss"
NLL_MEANS = "NLL in nats: lower is better; guessing gives {chance:.2f}"
PER_CLASS = "By emotion"
PER_CLASS_NOTE = (
    "Precision: when it says this emotion, how often that is right. Recall: of the clips with this "
    "emotion, how many it finds. F1: the two in one number."
)
PER_CLASS_HEADERS = ("Emotion", "Precision", "Recall", "F1", "Clips")
CONFUSION = "Which emotions it confuses"
CONFUSION_NOTE = "Each row is one true emotion and adds up to 100%; clips are in brackets."
RELIABILITY = "Can its probabilities be trusted?"
RELIABILITY_NOTE = (
    "On the diagonal, answers given with 70% are right 70% of the time. Below it, the model is "
    "too sure of itself. Larger points stand for more answers."
)
SELECTIVE = "When it may abstain"
SELECTIVE_NOTE = "Accuracy on the answers the model is surest of."
SELECTIVE_HEADERS = ("Share answered", "Accuracy")
ABSTENTION = (
    'It says "not sure" when the highest probability is below {threshold}. In the test it '
    "answered {answered} of the clips."
)
ABSTENTION_ACCURACY = "Of those answers, {accuracy} were right."
SPEAKERS_TITLE = "By speaker"
SPEAKERS_NOTE = "Voices differ: accuracy for each speaker, and the accuracy over all as a line."
FOLDS = "Mean over the folds and its standard deviation: {spreads}."
AUDIT_CLEAN = "An audit for leaks between training and test found none."
AUDIT_LEAKS = "An audit for leaks between training and test found {count}: {kinds}."

# Model: what else was measured
INTERVAL = "{low} to {high}"
FAIRNESS = "By gender, best and worst speaker"
FAIRNESS_NOTE = (
    "The intervals (95%) are over speakers; for one speaker, over clips. The best and the worst "
    "are so partly by chance. Nothing is known about other ages, accents, voices and languages."
)
FAIRNESS_HEADERS = ("Voices", "Speakers", "Clips", "Accuracy", "95% interval")
FAIRNESS_DIFFERENCE = (
    "The accuracy for {of} speakers differs from that for {against} speakers by {points} points "
    "(95% interval {low} to {high})."
)
BEST = "Best speaker, {name} ({gender})"
WORST = "Worst speaker, {name} ({gender})"
ADAPTATION = "When it knows the voice"
ADAPTATION_NOTE = (
    "With other recordings of the same voice at hand, without labels. The model was still trained "
    "without these speakers. Recordings of one emotion alone teach it that the emotion is the "
    "voice: mixed ones help most."
)
ADAPTATION_HEADERS = (
    "Adapted to",
    "Accuracy",
    "Gain in points (95% interval)",
    "Average recall",
    "Calibration error",
)
ADAPTATION_WITHOUT = "Nothing"
ADAPTATION_ALL = "All other recordings"
ADAPTATION_KINDS = {
    "mixed": "{recordings}",
    "neutral": "{recordings}, all neutral",
    "one_emotion": "{recordings}, all of one emotion",
}
GAIN = "{gain} ({interval})"
INTENSITY_TITLE = "How strongly it is expressed"
INTENSITY_NOTE = (
    "A strongly acted clip of an unseen speaker should get a higher intensity than a normal one. "
    "Measured on {clips} clips; neutral was acted at one intensity only, so it has none. The "
    "value is not calibrated."
)
INTENSITY_AUC = "Area under the ROC curve"
INTENSITY_MEANS = (
    "how often the stronger of two clips gets the higher value (95% interval over speakers {low} "
    "to {high}); guessing gives 0.50"
)
INTENSITY_HEADERS = ("Emotion", "Area under the ROC curve")
TAUGHT = "What it was taught"
FEW_SHOT = "Taught with a few clips"
FEW_SHOT_NOTE = (
    "Heads taught with so many clips of each emotion, on speakers that they never met; means over "
    "{draws} draws, and 95% intervals over speakers. 'Embedding alone' leaves out the model's own "
    "answers, which help as the labels are emotions that it knows. 'eGeMAPS' is the same head "
    "on openSMILE's features. 'Not taught' is this model choosing between the corpus' emotions."
)
FEW_SHOT_SEEN = (
    'This model\'s own answers were learnt from {corpora}, which flatters "taught" and "not '
    'taught" there; its embeddings were not.'
)
FEW_SHOT_HEADERS = (
    "Corpus",
    "Clips of each emotion",
    "Taught",
    "Embedding alone",
    "eGeMAPS",
    "Not taught",
    "Guessing",
)
ROBUSTNESS = "Outside a studio"
ROBUSTNESS_NOTE = (
    "The same {clips} clips of unseen speakers, degraded. Where the mean confidence is above the "
    "accuracy, the answers are surer than they should be. Where no speech is found, the app does "
    "not answer; the other figures are of all clips."
)
ROBUSTNESS_HEADERS = (
    "Recording",
    "Accuracy",
    "Change in points",
    "Calibration error",
    "Mean confidence",
    "Answered",
)
ROBUSTNESS_INTENSITY = "Intensity, AUC"
FORMS = "Smaller forms"
FORMS_UNSEEN = (
    "Size and time are of the network that ships, on one thread; the rest is of the folds' "
    "networks, made smaller in the same way, on {clips} clips of unseen speakers."
)
FORMS_MEASURED = "Measured on {clips} clips of {corpus}."
FORMS_TRAINED = "Measured on {clips} clips of {corpus}, which the network was trained on."
FORMS_HEADERS = (
    "Form",
    "Size",
    "Time per window",
    "Accuracy",
    "Calibration error",
    "Same answers",
    "Largest change of a probability",
)
FORMS_LOAD = (
    'EmotionRecognizer.from_pretrained(..., form="int8") loads one of them; without form, the '
    "first of float32, int8 and float16 that the repository has."
)
MEGABYTES = "{size:.2f} MB"
MILLISECONDS = "{time:.2f} ms"

# Model: how it works
FEATURES = "From sound to numbers"
FEATURES_HEADERS = ("Step", "What happens", "Setting")
ARCHITECTURE = "The network"
ARCHITECTURE_NOTE = (
    "{name}: {parameters} parameters in {layers} layers, from {shape} values (frames x features) "
    "to {outputs}."
)
ARCHITECTURE_EMOTION = "one probability per emotion"
ARCHITECTURE_INTENSITY = "one probability per emotion, and the intensity"
ARCHITECTURE_HEADERS = ("Stage", "Layers", "Output", "Parameters")
COMPARISON = "Compared with published systems"
COMPARISON_NOTE = (
    "The same systems, trained here and judged in several ways. Only unseen speakers say what a "
    "new visitor can expect; the others are shown because most published figures come from them."
)
COMPARISON_HEADERS = (
    "System",
    "Judged on",
    "Corpus",
    "Accuracy",
    "Average recall",
    "Calibration error",
    "Its authors claim",
)
COMPARISON_PROTOCOLS = {
    "speaker": "unseen speakers",
    "random": "random clips, same speakers",
    "duplicated": "random clips, each included twice",
    "corpus": "an unseen corpus",
    "emobox": "unseen speakers, in EmoBox's folds",
}
ACCURACY_SPREAD = "{mean}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{std}"
TRAINING = "How it was trained"
YES, NO = "yes", "no"
TRAINING_HEADERS = ("Setting", "Value")
GENERAL = "General"
SETTINGS = {
    "snr": "Signal-to-noise ratio [dB]",
    "tilt": "Spectral tilt [dB]",
    "noise": "Share with added noise",
    "time_mask": "Longest time mask [frames]",
    "band_mask": "Widest band mask [bands]",
    "warmup": "Warm-up [steps]",
    "attention_units": "Units of the attention",
}

# What is done to a recording: a step, what it means, and this model's setting of it.
DECODE_STEP = ("Decode", "Any file becomes one channel at one rate.", "{rate} Hz, mono")
GATE_STEPS = (
    (
        "Find speech",
        "Without enough speech there is no answer; with it, only the part with speech is used.",
        "probability {threshold:g} or more for at least {min_seconds:g} s",
    ),
    (
        "Trim",
        "Quiet before the first and after the last sound is cut off.",
        "{trim:g} dB below the loudest frame",
    ),
    (
        "Cut into windows",
        "Longer recordings are answered window by window; shorter ones are padded.",
        "{window:g} s every {hop:g} s",
    ),
)
MEL_STEPS = (
    (
        "Cut into frames",
        "Short overlapping pieces of sound, each weighted by a Hann window.",
        "{frame_ms:g} ms every {step_ms:g} ms ({win_length} samples every {hop_length})",
    ),
    (
        "Measure the spectrum",
        "How much power there is at each frequency of a frame.",
        "Fourier transform of {n_fft} samples",
    ),
    (
        "Group into mel bands",
        "Bands as the ear divides frequencies: narrow below, wide above.",
        "{n_mels} bands, {fmin:g} to {fmax:g} Hz",
    ),
)
LOGARITHM_STEP = (
    "Take the logarithm",
    "Decibels relative to the window's own level, so that loudness alone changes nothing.",
    "not below {floor:g} dB",
)
BLOCK_STEP = ("Measure {name}", "One of the feature blocks, side by side.", "{width} per frame")
STATISTICS_STEP = (
    "Summarize",
    "Each feature's course over the window becomes a few numbers.",
    "{statistics}",
)
SELECTION_STEP = (
    "Select",
    "The features that differ most between the emotions of the training clips.",
    "{features} of {block_features}",
)
SEQUENCE_STEP = (
    "Join windows",
    "Several windows in a row are answered together.",
    "{sequence} windows",
)
ANSWER_STEPS = (
    (
        "Standardize",
        "Each feature minus its mean, divided by its deviation over the training speakers.",
        "{frames} frames of {features} values",
    ),
    (
        "Run the network",
        "One probability per emotion for each input; several are pooled into one.",
        "calibrated with temperature {temperature:.2f}",
    ),
    (
        "Answer or abstain",
        'The likeliest emotion, or "not sure" when none stands out.',
        "not sure below {uncertain_below}",
    ),
)
