"""Debian's packages of recorded sounds and speech, and which side of the split each is on.

    mkdir recordings && cd recordings
    apt-get download NAME && dpkg-deb -x NAME_*.deb NAME

makes the folder of one. A voice without words, such as laughing, a scream or an actor's grunt as a
creature, is a voice all the same: what has one is neither learnt from as a sound without speech nor
counted as a false alarm, but listed as a group of its own. Animals are sounds.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from ..corpora import CorpusError

# Effects, animals, instruments and music of games, desktops and synthesizers. Whole packages are
# held out, since the sounds of one often come from one hand.
SOUNDS: dict[str, tuple[str, ...]] = {
    "train": (
        "amoebax-data", "asterisk-moh-opsound-wav", "boswars-data", "bucklespring-data",
        "bzflag-data", "colobot-common-sounds", "cube2-data", "deepin-sound-theme", "flare-game",
        "foobillardplus-data", "freeorion-data", "frozen-bubble-data", "gamine-data",
        "hedgewars-data", "heroes-sound-effects", "hydrogen-data", "hydrogen-drumkits",
        "hyperrogue-music", "lincity-ng-data", "lmms-common", "lordsawar-data", "marsshooter-data",
        "megaglest-data", "micropolis-data", "netpanzer-data", "openclonk-data", "pinball-data",
        "pingus-data", "plee-the-bear-data", "psi-plus-sounds", "pushover-data", "scorched3d-data",
        "supertux-data", "tuxmath-data", "tuxpaint-data", "tuxpaint-stamps-default",
        "tuxtype-data", "unknown-horizons", "warmux-data", "widelands-data", "wordwarvi-sound",
        "yaru-theme-sound", "zaz-data",
    ),
    "validation": (
        "endless-sky-data", "enigma-data", "extremetuxracer-data", "lugaru-data", "opencity-data",
        "pekka-kana-2-data", "sonic-pi-samples", "starfighter-data",
    ),
    "test": (
        "freedroidrpg-data", "minetest-data", "oxygen-sounds", "searchandrescue-data",
        "sound-theme-freedesktop", "wesnoth-1.16-data",
    ),
}  # fmt: skip
# A telephone exchange's spoken prompts: speech that is no part of any corpus, to test with.
PROMPTS = tuple(f"asterisk-core-sounds-{language}-wav" for language in ("en", "fr", "es", "it"))
# Files in which a human voice is heard, by their names, since nobody listened to every file.
VOICES = re.compile(
    r"audio-channel-|(human|dwarf|elf|orc|goblin|mermaid|mermen|naga|ogre|troll|lich|zombie|yeti"
    r"|drake|ghoul|wose|skeleton)[-_a-z]*-?(hit|die|attack|laugh)|laugh|groan|wail|ugg\.|petrified"
    r"|tux_ingame_comments|voice|Influencer_Scream|First_Contact|Start_Attack|death_sound"
    r"|ThouArtDefeated|titles/|/speech/|_desc(_[a-z]+)?\.|scream|giggle|cheer|taunt|yell|shout|cough"
    r"|sneeze|ouch|maledeath|excuseme|crowd|foule|chorus|choir|vocal|vowel|yessir|yousuck|snore"
    r"|Rabbit(Pain|Attack)|/campaigns/|/units/.*(ready|select|action|attack|completed|die)|symbols/"
    r"|_(ack|select|die|attack)[0-9]*\.|selected_|movout|affirm|tarconf|/(seen|hit|die|heal)-"
    r"|male_(hit|die|attack)|/death_|BeatBox|youcannot|/ooh",
    re.IGNORECASE,
)
MUSIC = re.compile(r"/music|wardrums|fanfare|-moh-", re.IGNORECASE)


def package_folders(root: Path, names: Sequence[str]) -> list[Path]:
    """Find the folders of packages.

    Args:
        root: folder that holds a folder for each package.
        names: of Debian's packages.

    Returns:
        The folders, in the order of the names.

    Raises:
        CorpusError: some are not there.
    """
    missing = [name for name in names if not (root / name).is_dir()]
    if missing:
        raise CorpusError(
            f"expected a folder for each Debian package in {root}, found none for "
            f"{', '.join(missing)}; make it with: apt-get download NAME && "
            "dpkg-deb -x NAME_*.deb NAME"
        )
    return [root / name for name in names]


def sort_by_name(name: str) -> str:
    """Say what a sound is by its path from its package's name: "voices", "music" or "effects"."""
    if VOICES.search(name):
        return "voices"
    return "music" if MUSIC.search(name) else "effects"
