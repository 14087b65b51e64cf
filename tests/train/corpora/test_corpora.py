"""Corpora and protocols on made-up folders."""

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from ser_core.config.emotions import LABELS
from train import corpora
from train.corpora import CORPORA, CorpusError, crema_d, load
from train.data.protocols import RAVDESS_FOLDS, by_speaker, hold_out_speakers


def make_ravdess(root, actors=range(1, 25), repeats=1):
    """Empty files with RAVDESS' names: two emotions of each actor."""
    for copy in range(repeats):
        for actor in actors:
            folder = root / f"copy_{copy}" / f"Actor_{actor:02d}"
            folder.mkdir(parents=True)
            for emotion in ("01", "05"):
                (folder / f"03-01-{emotion}-01-02-01-{actor:02d}.wav").touch()
    return root


def test_ravdess_names_become_rows(tmp_path):
    corpus = load("ravdess", make_ravdess(tmp_path))
    assert len(corpus.clips) == 48
    clip = next(clip for clip in corpus.clips if clip.file == "03-01-05-01-02-01-03.wav")
    assert (clip.emotion, clip.speaker, clip.gender) == ("angry", "03", "male")
    assert (clip.statement, clip.intensity) == ("02", "normal")


def test_neutral_has_no_intensity(tmp_path):
    corpus = load("ravdess", make_ravdess(tmp_path))
    assert {clip.intensity for clip in corpus.clips if clip.emotion == "neutral"} == {None}


def test_a_second_copy_of_every_file_is_left_out(tmp_path):
    corpus = load("ravdess", make_ravdess(tmp_path, repeats=2))
    assert (len(corpus.clips), corpus.second_copies) == (48, 48)


def test_song_and_video_are_not_speech(tmp_path):
    make_ravdess(tmp_path, actors=[1])
    for name in ("03-02-05-01-02-01-01.wav", "01-01-05-01-02-01-01.wav", "notes.wav"):
        (tmp_path / name).touch()
    assert len(load("ravdess", tmp_path).clips) == 2


def touch(root, *names):
    """Empty files."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def rows(corpus, *fields):
    """The values of some fields, by file name without its suffix."""
    return {
        Path(clip.file).stem: tuple(getattr(clip, field) for field in fields)
        for clip in corpus.clips
    }


def test_kaggle_s_second_copy_is_counted_and_the_first_one_kept(tmp_path):
    for folder in ("Actor_01", "audio_speech_actors_01-24/Actor_01"):
        touch(tmp_path, *(f"{folder}/03-01-0{e}-01-01-01-01.wav" for e in (1, 2, 3)))
    touch(tmp_path, "Actor_01/03-01-04-01-01-01-01.flac")
    corpus = load("ravdess", tmp_path)
    assert len(corpus.clips) == 4
    assert corpus.second_copies == 3
    assert {clip.path.parent for clip in corpus.clips} == {tmp_path / "Actor_01"}


def test_song_is_its_own_corpus_of_six_emotions(tmp_path):
    make_ravdess(tmp_path, actors=[1])
    touch(tmp_path, "Actor_01/03-02-06-02-01-02-01.wav", "Actor_02/03-02-01-01-02-01-02.wav")
    corpus = load("ravdess_song", tmp_path)
    assert rows(corpus, "corpus", "emotion", "gender", "intensity") == {
        "03-02-06-02-01-02-01": ("ravdess_song", "fearful", "male", "strong"),
        "03-02-01-01-02-01-02": ("ravdess_song", "neutral", "female", None),
    }
    assert not {"disgust", "surprised"} & set(corpus.info.labels)
    touch(tmp_path, "Actor_01/03-02-07-01-01-01-01.wav")
    with pytest.raises(CorpusError, match="ravdess_song does not have: emotion '07'"):
        load("ravdess_song", tmp_path)


def test_crema_d_names_become_rows(tmp_path):
    touch(
        tmp_path,
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "AudioWAV/1002_IEO_FEA_LO.wav",
        "AudioWAV/1002_IEO_DIS_MD.wav",
        "AudioWAV/1091_IEO_HAP_HI.flac",
        "AudioWAV/1040_ITH_SAD_X.wav",
        "AudioMP3/1001_DFA_ANG_XX.mp3",
    )
    corpus = load("crema_d", tmp_path)
    assert corpus.second_copies == 1
    assert {clip.path.suffix for clip in corpus.clips} == {".wav", ".flac"}
    assert rows(corpus, "emotion", "speaker", "gender", "statement", "intensity") == {
        "1001_DFA_ANG_XX": ("angry", "1001", "male", "DFA", None),
        "1002_IEO_FEA_LO": ("fearful", "1002", "female", "IEO", "low"),
        "1002_IEO_DIS_MD": ("disgust", "1002", "female", "IEO", "medium"),
        "1091_IEO_HAP_HI": ("happy", "1091", "female", "IEO", "high"),
        "1040_ITH_SAD_X": ("sad", "1040", "male", "ITH", None),
    }
    assert Counter(crema_d.GENDERS.values()) == {"male": 48, "female": 43}


def test_a_clone_of_crema_d_without_lfs_is_named(tmp_path):
    touch(tmp_path, "AudioWAV/1001_DFA_ANG_XX.wav")
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99\n"
    (tmp_path / "AudioWAV/1001_DFA_ANG_XX.wav").write_text(pointer)
    with pytest.raises(CorpusError, match=r"1001_DFA_ANG_XX\.wav is a Git LFS pointer"):
        load("crema_d", tmp_path)


def test_emodb_names_become_rows_and_boredom_is_dropped_and_counted(tmp_path):
    names = ("03a01Fa", "08a02Na", "09a04Tb", "10a05Wa", "11b01Ac", "13b02Ea")
    touch(tmp_path, *(f"wav/{name}.wav" for name in names), "wav/16b10Lb.wav", "wav/16b10La.wav")
    corpus = load("emodb", tmp_path)
    assert rows(corpus, "emotion", "speaker", "gender", "statement") == {
        "03a01Fa": ("happy", "03", "male", "a01"),
        "08a02Na": ("neutral", "08", "female", "a02"),
        "09a04Tb": ("sad", "09", "female", "a04"),
        "10a05Wa": ("angry", "10", "male", "a05"),
        "11b01Ac": ("fearful", "11", "male", "b01"),
        "13b02Ea": ("disgust", "13", "female", "b02"),
    }
    assert corpus.dropped == {"boredom": 2}


def test_tess_names_become_rows_whatever_the_folder_is_called(tmp_path):
    touch(
        tmp_path,
        "OAF_Fear/OAF_back_fear.wav",
        "OAF_neutral/OA_bite_neutral.wav",
        "YAF_pleasant_surprised/YAF_dog_ps.wav",
        "set data/OAF_Fear/OAF_back_fear.wav",
        "set data/YAF_sad/YAF_dog_sad.wav",
    )
    corpus = load("tess", tmp_path)
    assert rows(corpus, "emotion", "speaker", "gender", "statement") == {
        "OAF_back_fear": ("fearful", "OAF", "female", "back"),
        "OA_bite_neutral": ("neutral", "OAF", "female", "bite"),
        "YAF_dog_ps": ("surprised", "YAF", "female", "dog"),
        "YAF_dog_sad": ("sad", "YAF", "female", "dog"),
    }
    assert corpus.second_copies == 1


def test_savee_is_read_from_folders_and_from_flat_names(tmp_path):
    touch(tmp_path / "release", "AudioData/DC/a01.wav", "AudioData/KL/a01.wav")
    touch(tmp_path / "release", "AudioData/KL/sa15.wav", "AudioData/Info.txt")
    touch(tmp_path / "kaggle", "ALL/DC_a01.wav", "ALL/KL_a01.wav", "ALL/KL_sa15.wav")
    expected = {
        "DC_a01": ("angry", "DC", "male", "a01"),
        "KL_a01": ("angry", "KL", "male", "a01"),
        "KL_sa15": ("sad", "KL", "male", "sa15"),
    }
    for copy in ("release", "kaggle"):
        corpus = load("savee", tmp_path / copy)
        assert rows(corpus, "emotion", "speaker", "gender", "statement") == expected
    both = load("savee", tmp_path)
    assert (len(both.clips), both.second_copies) == (3, 3)


def test_savee_is_read_from_inside_a_speaker_s_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(touch(tmp_path, "JK/su07.wav") / "JK")
    assert rows(load("savee", Path()), "emotion", "speaker") == {"JK_su07": ("surprised", "JK")}


TURNS = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
A-E3:\tval 3; act 2; dom  2;\t()
"""


def make_iemocap(root, turns, session=1, dialogue="Ses01F_impro01"):
    """A dialogue of a session: evaluations, transcripts and empty recordings."""
    dialog = root / f"Session{session}" / "dialog"
    wav = f"Session{session}/sentences/wav/{dialogue}"
    for folder in ("EmoEvaluation/Categorical", "transcriptions"):
        (dialog / folder).mkdir(parents=True, exist_ok=True)
    lines = [TURNS]
    for turn, label in turns:
        lines.append(f"[10.0100 - 11.3925]\t{turn}\t{label}\t[2.5000, 2.5000, 2.5000]")
        touch(root, f"{wav}/{turn}.wav")
    touch(root, f"{wav}/Ses01F_impro01_F000.wav")
    (dialog / "EmoEvaluation" / f"{dialogue}.txt").write_text("\n".join(lines))
    # What macOS leaves behind, and the single annotators' files, are no evaluations.
    (dialog / "EmoEvaluation" / f"._{dialogue}.txt").write_bytes(b"[\x00\xff")
    (dialog / "EmoEvaluation" / "Categorical" / f"{dialogue}_e2_cat.txt").write_text("[x")
    (dialog / "transcriptions" / f"{dialogue}.txt").write_text(
        "Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.\n"
    )
    return root


def test_iemocap_labels_follow_the_usual_mapping(tmp_path):
    labels = ("hap", "exc", "ang", "sad", "fea", "sur", "dis", "fru", "fru", "oth", "xxx")
    turns = [(f"Ses01F_impro01_M{number:03d}", label) for number, label in enumerate(labels)]
    corpus = load("iemocap", make_iemocap(tmp_path / "IEMOCAP_full_release", turns))
    found = rows(corpus, "emotion", "speaker", "gender", "statement")
    assert found.pop("Ses01F_impro01_F000") == ("neutral", "Ses01F", "female", "Excuse me.")
    assert [row[0] for row in found.values()] == [
        *("happy", "happy", "angry", "sad", "fearful", "surprised", "disgust")
    ]
    assert {row[1:] for row in found.values()} == {("Ses01M", "male", None)}
    assert corpus.dropped == {"frustrated": 2, "other": 1, "no majority": 1}


def test_iemocap_s_speakers_are_told_apart_by_session(tmp_path):
    make_iemocap(tmp_path, [])
    turns = [("Ses05M_script01_1b_F001", "ang"), ("Ses05M_script01_1b_M001", "ang")]
    make_iemocap(tmp_path, turns, session=5, dialogue="Ses05M_script01_1b")
    corpus = load("iemocap", tmp_path)
    assert {clip.speaker for clip in corpus.clips} == {"Ses01F", "Ses05F", "Ses05M"}
    # The first dialogue's neutral turn stands in both files, and counts once.
    assert (len(corpus.clips), corpus.second_copies) == (3, 1)


def test_iemocap_s_faults_are_named(tmp_path):
    turn = "Ses01F_impro01_F001"
    make_iemocap(tmp_path, [(turn, "bor")])
    with pytest.raises(CorpusError, match=r"Ses01F_impro01\.txt has a code .* label 'bor' is none"):
        load("iemocap", tmp_path)
    make_iemocap(tmp_path, [(turn, "ang")])
    (tmp_path / f"Session1/sentences/wav/Ses01F_impro01/{turn}.wav").unlink()
    with pytest.raises(CorpusError, match=rf"names {turn}, but .*{turn}\.wav is not there"):
        load("iemocap", tmp_path)
    evaluation = tmp_path / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    evaluation.write_text("[6.29 - 8.23] Ses01F_imp")
    with pytest.raises(CorpusError, match=r"has no turn in line 1, .*Ses01F_imp'\."):
        load("iemocap", tmp_path)


@pytest.mark.parametrize(
    ("name", "file", "fault"),
    [
        ("ravdess", "Actor_01/03-01-09-01-01-01-01.wav", "emotion '09'"),
        ("ravdess", "Actor_01/03-01-05-03-01-01-01.wav", "intensity '03'"),
        ("ravdess", "Actor_01/03-01-05-01-03-01-01.wav", "statement '03'"),
        ("ravdess", "Actor_01/03-01-05-01-01-03-01.wav", "repetition '03'"),
        ("ravdess", "Actor_25/03-01-05-01-01-01-25.wav", "actor '25'"),
        ("crema_d", "1001_DFA_BOR_XX.wav", "emotion 'BOR'"),
        ("crema_d", "1001_ABC_ANG_XX.wav", "sentence 'ABC'"),
        ("crema_d", "1001_DFA_ANG_YY.wav", "level 'YY'"),
        ("crema_d", "1092_DFA_ANG_XX.wav", "actor '1092'"),
        ("emodb", "wav/03a01Xa.wav", "emotion 'X'"),
        ("emodb", "wav/03a03Fa.wav", "sentence 'a03'"),
        ("emodb", "wav/17a01Fa.wav", "speaker '17'"),
        ("tess", "OAF_back_bored.wav", "emotion 'bored'"),
        ("tess", "YA_back_sad.wav", "speaker 'YA'"),
        ("savee", "DC/b01.wav", "emotion 'b'"),
    ],
)
def test_unknown_codes_are_named_with_their_file(tmp_path, name, file, fault):
    touch(tmp_path, file)
    with pytest.raises(CorpusError) as error:
        load(name, tmp_path)
    assert str(error.value).startswith(f"{tmp_path / file} has a code that {name} does not have:")
    assert fault in str(error.value)


@pytest.mark.parametrize("name", CORPORA)
def test_wrong_and_empty_folders_are_named_with_what_was_looked_for(tmp_path, name):
    pattern = re.escape(CORPORA[name].INFO.pattern)
    missing = tmp_path / "none"
    with pytest.raises(CorpusError, match=f"{missing} is not a folder: {name} .*{pattern}"):
        load(name, missing)
    touch(tmp_path, "notes.txt", "somebody.wav")
    with pytest.raises(CorpusError, match=f"{tmp_path} holds no clip of {name}: .*{pattern}"):
        load(name, tmp_path)


def test_an_unknown_corpus_is_named_with_those_there_are(tmp_path):
    with pytest.raises(CorpusError, match=r"'timit': use one of ravdess, ravdess_song, nemo, "):
        corpora.find("timit")
    with pytest.raises(
        CorpusError, match=r"holds no recording.*; corpora .* ravdess, ravdess_song"
    ):
        load("timit", tmp_path)


@pytest.mark.parametrize("name", CORPORA)
def test_what_is_known_about_a_corpus_is_stated(name):
    info = CORPORA[name].INFO
    assert info.name == name
    assert list(info.labels) == [label for label in LABELS if label in info.labels]
    assert info.homepage.startswith("http")
    assert "http" in info.access
    assert info.licence
    assert info.citation.endswith(".")
    for other in info.same_speakers_as:
        assert name in CORPORA[other].INFO.same_speakers_as


@pytest.mark.parametrize(
    "argument", ["ravdess", "ravdess=", "=bar", "../foo=bar", "my foo=bar", ".foo=bar"]
)
def test_a_corpus_is_given_as_name_and_path(argument):
    with pytest.raises(CorpusError):
        corpora.parse(argument)


def make_nemo(root, rows, suffix=".ogg", gender="male"):
    (root / "samples").mkdir(exist_ok=True)
    lines = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]
    for file, emotion in rows:
        lines.append(f"{file}.wav\t{emotion}\tTak.\ttak\t   AB0\t{gender}\t30")
        (root / "samples" / f"{file}{suffix}").touch()
    (root / "data.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@pytest.mark.parametrize("suffix", [".ogg", ".wav"])
def test_nemo_rows_are_read_whatever_the_container(tmp_path, suffix):
    clips = [("AB0_fear_1", "fear"), ("AB0_anger_1", "anger")]
    corpus = load("nemo", make_nemo(tmp_path, clips, suffix))
    assert [clip.emotion for clip in corpus.clips] == ["angry", "fearful"]
    assert {clip.speaker for clip in corpus.clips} == {"AB0"}


def test_nemo_faults_are_named(tmp_path):
    make_nemo(tmp_path, [("AB0_fear_1", "boredom")])
    with pytest.raises(CorpusError, match="unknown emotion 'boredom'"):
        load("nemo", tmp_path)
    (tmp_path / "samples" / "AB0_fear_1.ogg").unlink()
    with pytest.raises(CorpusError, match="is not in samples"):
        load("nemo", tmp_path)
    make_nemo(tmp_path, [("AB0_fear_1", "fear")], gender="m")
    with pytest.raises(CorpusError, match="unknown gender 'm' at AB0_fear_1"):
        load("nemo", tmp_path)
    (tmp_path / "data.tsv").write_text("file_id\temotion\n")
    with pytest.raises(CorpusError, match=r"data\.tsv has no column normalized_text"):
        load("nemo", tmp_path)
    shutil.rmtree(tmp_path / "samples")
    with pytest.raises(CorpusError, match=r"holds no clip of nemo: looked for data\.tsv"):
        load("nemo", tmp_path)


def test_a_row_that_stands_twice_counts_once(tmp_path):
    corpus = load("nemo", make_nemo(tmp_path, [("AB0_fear_1", "fear"), ("AB0_fear_1", "fear")]))
    assert (len(corpus.clips), corpus.second_copies) == (1, 1)


def test_the_real_ravdess_is_read_whole(ravdess):
    corpus = load("ravdess", ravdess)
    counts = Counter(clip.emotion for clip in corpus.clips)
    assert counts == {label: 96 if label == "neutral" else 192 for label in LABELS}
    assert Counter(clip.gender for clip in corpus.clips) == {"female": 720, "male": 720}
    assert (len({clip.speaker for clip in corpus.clips}), corpus.second_copies) == (24, 0)


def test_the_real_nemo_is_read_whole(ravdess):
    folder = ravdess.parent / "nemo"
    if not folder.is_dir():
        pytest.skip("needs the nEMO corpus, which its licence keeps out of this repository")
    corpus = load("nemo", folder)
    assert Counter(clip.emotion for clip in corpus.clips) == {
        "neutral": 809,
        "sad": 769,
        "angry": 749,
        "happy": 749,
        "fearful": 736,
        "surprised": 669,
    }
    assert len({clip.speaker for clip in corpus.clips}) == 9
    assert all(clip.speaker == clip.speaker.strip() for clip in corpus.clips)


def test_ravdess_folds_are_the_published_ones_and_share_no_speaker(tmp_path):
    clips = load("ravdess", make_ravdess(tmp_path)).clips
    folds = by_speaker(clips)
    assert [{clips[i].speaker for i in fold.test} for fold in folds] == [
        set(actors) for actors in RAVDESS_FOLDS
    ]
    for fold in folds:
        train, test = ({clips[i].speaker for i in part} for part in (fold.train, fold.test))
        assert not train & test
        assert len(fold.train) + len(fold.test) == len(clips)


def test_other_corpora_are_folded_by_speaker_too(tmp_path):
    clips = load("ravdess", make_ravdess(tmp_path, actors=range(1, 8))).clips
    folds = by_speaker(clips)
    assert len(folds) == 5
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(clips)))
    for fold in folds:
        assert not {clips[i].speaker for i in fold.train} & {clips[i].speaker for i in fold.test}


def test_validation_speakers_come_from_the_training_side_alone(tmp_path):
    clips = load("ravdess", make_ravdess(tmp_path)).clips
    fold = by_speaker(clips)[0]
    learn, held = hold_out_speakers(clips, fold.train, 4, seed=1)
    names = {clips[i].speaker for i in held}
    assert len(names) == 4
    assert {clips[i].gender for i in held} == {"male", "female"}
    assert not names & {clips[i].speaker for i in learn}
    assert set(learn) | set(held) == set(fold.train)


def make_audio_folder(root, columns, *rows):
    """A metadata.csv in the Hub's AudioFolder form, with the (empty) files that it names."""
    (root / "metadata.csv").write_text(
        "\n".join([columns, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8"
    )
    return touch(root, *(row[0] for row in rows))


EMOSPEECH_COLUMNS = "file_name,emotion,speaker,statement,environment,place"
EMOVO_COLUMNS = "file_name,emotion,speaker,gender,statement"


def test_emospeech_rows_and_official_names_say_the_same(tmp_path):
    table, names = tmp_path / "table", tmp_path / "names"
    table.mkdir()
    make_audio_folder(
        table,
        EMOSPEECH_COLUMNS,
        ("audio/a.ogg", "calm", "7f3a", "bacho", "safe", "House"),
        ("audio/b.ogg", "fearful", "unknown", "help", "gunshots", "Street"),
    )
    touch(names, "bacho-safe-calm-1551.5-7f3a.wav", "help-gunshots-fearful-1552-unknown.wav")
    for root in (table, names):
        corpus = load("emospeech", root)
        said = [(c.emotion, c.speaker, c.gender, c.statement) for c in corpus.clips]
        assert said == [
            ("neutral", "7f3a", "unknown", "bacho"),
            ("fearful", "unknown", "unknown", "help"),
        ]


def test_a_word_without_an_emotion_is_dropped_and_counted(tmp_path):
    touch(tmp_path, "help-safe-none-1-7f3a.wav", "help-safe-angry-2-7f3a.wav")
    corpus = load("emospeech", tmp_path)
    assert (len(corpus.clips), corpus.dropped) == (1, {"none": 1})


def test_emovo_rows_and_official_names_say_the_same(tmp_path):
    table, names = tmp_path / "table", tmp_path / "names"
    table.mkdir()
    make_audio_folder(
        table,
        EMOVO_COLUMNS,
        ("f1/dis-f1-b1.ogg", "disgust", "f1", "female", "b1"),
        ("m2/gio-m2-l3.ogg", "happy", "m2", "male", "l3"),
    )
    touch(names, "f1/dis-f1-b1.wav", "m2/gio-m2-l3.wav")
    for root in (table, names):
        said = [(c.emotion, c.speaker, c.gender, c.statement) for c in load("emovo", root).clips]
        assert said == [("disgust", "f1", "female", "b1"), ("happy", "m2", "male", "l3")]


@pytest.mark.parametrize(
    ("name", "columns", "row", "message"),
    [
        ("emospeech", EMOSPEECH_COLUMNS, ("a.ogg", "bored", "x", "w", "s", "p"), "emotion 'bored'"),
        ("emovo", EMOVO_COLUMNS, ("a.ogg", "calm", "f1", "female", "b1"), "emotion 'calm'"),
        ("emovo", EMOVO_COLUMNS, ("a.ogg", "sad", "f1", "f", "b1"), "gender 'f'"),
        ("emovo", "file_name,emotion", ("a.ogg", "sad"), r"metadata\.csv has no column speaker"),
    ],
)
def test_faults_of_a_table_are_named(tmp_path, name, columns, row, message):
    make_audio_folder(tmp_path, columns, row)
    with pytest.raises(CorpusError, match=message):
        load(name, tmp_path)


def test_a_table_names_files_of_its_own_folder_alone(tmp_path):
    root = tmp_path / "corpus"
    root.mkdir()
    touch(tmp_path, "other.ogg")
    for file, message in (("../other.ogg", "outside its folder"), ("none.ogg", "which is not in")):
        row = f"{file},sad,f1,female,b1\n"
        (root / "metadata.csv").write_text(f"{EMOVO_COLUMNS}\n{row}", encoding="utf-8")
        with pytest.raises(CorpusError, match=message):
            load("emovo", root)


def test_ordinary_voices_are_found_by_where_packages_keep_them(tmp_path):
    touch(
        tmp_path,
        "klettres-data/usr/share/klettres/uk/syllab/vo.ogg",
        "ktuberling-data/usr/share/ktuberling/sounds/sr@latin/hat.wav",
        "ktuberling-data/usr/share/ktuberling/sounds/sr/hat.wav",
        "stamps/usr/share/tuxpaint/stamps/animals/cow_white_desc_pt_BR.ogg",
        "stamps/usr/share/tuxpaint/stamps/animals/cow_white.ogg",  # what it sounds like
        "prompts/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU/cancelled.wav",
        "klettres-data/usr/share/klettres/it/alpha/a.ogg",
        "prompts/usr/share/asterisk/sounds/it_IT_f_Menardi/cancelled.wav",
    )
    corpus = load("voices", tmp_path)
    assert sorted(clip.speaker for clip in corpus.clips) == [
        "asterisk-ru_RU_f_IvrvoiceRU",
        "klettres-uk",
        "ktuberling-sr",
        "ktuberling-sr",
        "tuxpaint-pt_BR",
    ]
    assert corpus.dropped == {"Italian": 2}
    assert {clip.emotion for clip in corpus.clips} == {"neutral"}


def test_no_voice_counts_for_more_than_others(tmp_path):
    folder = "klettres-data/usr/share/klettres"
    touch(tmp_path, *(f"{folder}/da/alpha/{number:03d}.ogg" for number in range(100)))
    touch(tmp_path, f"{folder}/uk/alpha/a.ogg")
    corpus = load("voices", tmp_path)
    assert Counter(clip.speaker for clip in corpus.clips) == {"klettres-da": 30, "klettres-uk": 1}
    assert corpus.dropped == {"further ones of a voice": 70}
    taken = [int(clip.path.stem) for clip in corpus.clips if clip.speaker == "klettres-da"]
    assert max(np.diff(taken)) <= 4
    assert len(set(taken)) == 30


def test_an_unknown_code_of_emovo_is_named(tmp_path):
    with pytest.raises(CorpusError, match="emotion 'xyz'"):
        load("emovo", touch(tmp_path, "xyz-f1-b1.wav"))


def test_a_corpus_that_was_re_encoded_is_read_as_the_official_one(tmp_path):
    corpus = load("ravdess_song", touch(tmp_path, "Actor_01/03-02-05-01-02-01-01.ogg"))
    assert [clip.emotion for clip in corpus.clips] == ["angry"]


@pytest.mark.parametrize(
    ("name", "clips", "speakers"), [("emospeech", 4623, 107), ("emovo", 588, 6)]
)
def test_the_real_tables_are_read_whole(ravdess, name, clips, speakers):
    folder = ravdess.parent / name
    if not folder.is_dir():
        pytest.skip(f"needs {name}, which its licence keeps out of this repository")
    corpus = load(name, folder)
    assert len(corpus.clips) == clips
    assert len({clip.speaker for clip in corpus.clips}) == speakers
