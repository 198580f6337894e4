"""The words around a numeral: what it counts, the unit that it is per, its subject and its precision."""

import re
from bisect import bisect_left, bisect_right

from lindos.catalog import Catalog
from lindos.claims.text import units
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.read import Reading
from lindos.claims.text.subjects import Mention

#: Nouns that are counted, by what they are; a stem matches any ending and any first part of a German compound.
_NOUNS = {
    "gpuhour": r"(?:gpu|tpu|chip|h100|device|accelerator)[- ]?(?:stunden?|hours?)",
    "die": r"dies?|dice",
    "device": (
        r"gpus?|[\w-]*chips?|[\w-]*karten?|tpus?|accelerators?|beschleunigern?|einheiten|units|stück|[\w-]*superchips?|"
        r"processors?|prozessoren|npus?|[\w-]*modulen?|modules?|cards?|grafikprozessoren"
    ),
    "rack": r"[\w-]*racks?|cabinets?|[\w-]*schränken?|[\w-]*schranke?s?|schrank",
    "node": r"[\w-]*servern?|servers?|nodes?|knoten|systems?|systemen?",
    "host": r"(?:grace|vera)(?:-\w+)?|[\w-]*cpus?",
    "token": r"tokens?",
    "parameter": r"[\w-]*parametern?|parameters?|weights",
    "household": r"households?|haushalten?|homes",
    "plant": r"[\w-]*plants?|kraftwerken?|reaktoren|reactors?|turbines?|turbinen|blöcken?",
    "person": r"employees|people|workers|mitarbeitern?|menschen|beschäftigten?|readers|kunden|customers|users|nutzern?",
}
_RACK_WORD = re.compile(
    r"(?i:\b(?:a|an|ein|eine|der|the|each|jeder)[  ](?:\w+[  ])?(?:racks?|cabinet|schrank|servers?|node)\b)"
)
_DEVICE_HOURS = re.compile(r"[  ](?:[A-Z]\w+[  -])?(?i:gpu|chip|device|accelerator)?[  -](?i:hours|stunden)\b")
_NOUN = {kind: re.compile(rf"(?i:{pattern})") for kind, pattern in _NOUNS.items()}
_WORD = re.compile(r"[A-Za-zÄÖÜäöüß0-9][\w.]*(?:-[A-Za-zÄÖÜäöüß0-9][\w]*)*")
#: End of the phrase that a number counts.
_PHRASE_END = re.compile(r"[.;:!?()„“\"]|,(?!\d)|\b(?i:per|pro|je|for|in|at|für|auf|bei|to|with|mit)\b")
_TIMES = {
    "year": r"jahr(?:es)?|year|annum|jährlich|annually|yearly|a year",
    "month": r"monats?|month",
    "week": r"woche|week",
    "day": r"tag|day",
    "hour": r"stunde|hour|gpu-hour|gpu-stunde|gpu-stunden|chip-hour",
    "token": r"(?:million )?tokens?|million tokens",
    "power": r"gigawatt|megawatt|watt|kilowatt|gw|mw|kw",
    "energy": r"kilowattstunde|megawattstunde|kilowatt-hour|megawatt-hour|kwh|mwh",
}
_TIME = {kind: re.compile(rf"(?i:{pattern})$") for kind, pattern in _TIMES.items()}
_PER_BEHIND = re.compile(
    r"[  ,]{0,2}(?:(?i:auf|für|for|on)[  ])?(?:(?P<each>(?i:pro|je|per|for each|for every|jede[nrsm]?|each|every|im|"
    r"a|an|the))[  ])(?:(?i:einzelne[nrs]?|installed|of)[  ])?(?P<noun>[\w-]+)"
)
_FOR_DEVICE = re.compile(
    r"(?:[  ]in[  ][\w-]+)?(?:[  ](?:dense|dicht))?[  ](?:for|of|bei|beim|für)[  ](?:the[  ]|an?[  ]|den[  ]|"
    r"dem[  ])?"
)
_HOLDS = re.compile(
    r"(?i:\b(?:beide|both|er|sie|es|it|they|which|that)[  ](?:enthält|enthalten|holds?|houses?|contains?|packs?|"
    r"umfasst|fasst|has|have))"
    r"(?:[  ]\w+){0,5}[  ]$"
)
_EARLIER_BEHIND = re.compile(r"[  ](?:earlier|ago|before|later)\b")
_APIECE = re.compile(r"[  ,]{0,2}(?i:apiece|each|jeweils|pro Stück|das Stück|je Stück|a piece|per unit|in each)(?!\w)")
_JE = re.compile(r"(?i:\bje|\bjeweils|\beach|\bpro Stück)[  ](?i:rund |etwa |knapp |gut |about |roughly )?$")
_DETERMINER = re.compile(
    r"\b(?P<strong>(?i:each|every|jede[rsnm]?|pro|je|per|eine?[nrs]?[  ]einzelne[rsnm]?|a single))(?!\w)|"
    r"\b(?P<weak>(?i:one|an?|the|eine?[rsnm]?|der|die|das|dem|den))(?!\w)"
)
_OF_THESE = re.compile(r"[  ](?i:of (?:them|these|those|the)|davon|dieser|solche[rsn]?)(?!\w)")
_PHRASE = re.compile(r"[  ]([\w-]+)(?:[  ]([\w-]+))?")
_TOTAL = re.compile(
    r"(?i:\b(?:ensemble|together|zusammen|insgesamt|total|totals?|overall|all of (?:them|it)|whole|gesamt\w*|"
    r"altogether|combined|"
    r"cluster|hall|halle|site|campus|standort\w*|anlage|rechenzentrum|data cent(?:er|re)|fleet|flotte|add up|bring|"
    r"macht|summe|"
    r"for all|für alle)\b)"
)
_PRECISIONS = {
    "fp64": r"fp64|double precision|doppelter genauigkeit|doppelte genauigkeit|64[- ]bit|linpack|hpl",
    "fp32": r"fp32|single precision|einfacher genauigkeit|32[- ]bit",
    "tf32": r"tf32",
    "bf16": r"bf16|fp16|16[- ]bit|bfloat16|half precision|halber genauigkeit",
    "fp8": r"fp8|8[- ]bit|int8|mxfp8|acht bit",
    "fp4": r"fp4|4[- ]bit|nvfp4|mxfp4|vier bit",
}
_PRECISION = re.compile("|".join(rf"(?P<{name}>\b(?i:{pattern})\b)" for name, pattern in _PRECISIONS.items()))
_SPARSE = re.compile(r"(?i:\bspars(?:e|ity)\b|sparsity|dünn besetzt|mit ausgenutzter)")
_DENSE = re.compile(r"(?i:\bdense\b|\bdicht\b|without sparsity|ohne sparsity)")
_DENIED = re.compile(
    r"(?i:\b(?:wrongly|mistakenly|erroneously|fälschlich\w*|irrtümlich\w*|irreführend|misread|misquoted|not true|"
    r"is wrong|was wrong|"
    r"is false|stimmt nicht|ist falsch|war falsch|falsch ist|trifft nicht zu|did not say|correction|korrektur|"
    r"earlier version|"
    r"früheren version|zunächst hieß|makes no sense|ergibt keinen sinn|kann nicht stimmen|cannot be right|"
    r"can't be right|"
    r"debunk\w*|myth|mythos|verwechsel\w*|confus\w*|übertrieben|overstated|slip|typo|tippfehler|übersetzungsfehler)\b)"
)
_NEXT_DENIES = re.compile(
    r"(?i:^[„“\"]?(?:that|this|das|dies|der wert|die zahl|the figure|the number|both|beides)\W.{0,60}"
    r"(?:wrong|false|not true|falsch|stimmt nicht|nicht richtig|unsinn|nonsense|impossible|unmöglich|cannot be|"
    r"mistake|irrtum|fehler)|"
    r"^(?:not so|falsch|wrong|no|nein)[.,:!])"
)
_NEGATION = re.compile(
    r"(?i:\b(?:not|nicht|statt|instead of|rather than|anstelle von|und nicht|and not|keineswegs|"
    r"keine)[  ](?:\w+[  ]){0,2})$"
)
_EQUIVALENT = re.compile(
    r"(?i:equivalen|äquivalen|entspr|worth|gleichwertig|h100e\b|das wert|as much as|what .{0,30}would give|ersetz|"
    r"replace)"
)


class Contexts:
    """Annotates numerals with what the words around them say."""

    def __init__(self, reading: Reading, mentions: list[Mention], catalog: Catalog) -> None:
        """Take a reading, and the mentions in order of the text."""
        self.reading, self.mentions, self.catalog = reading, mentions, catalog
        self.starts = [mention.start for mention in mentions]

    def fill(self) -> None:
        """Annotate every numeral that states an amount."""
        for numeral in self.reading.numerals:
            if numeral.kind not in ("amount", "factor", "fraction"):
                continue
            sentence = self.reading.sentences[numeral.sentence]
            preceding = self.reading.text[max(sentence.start, numeral.start - 160) : numeral.start]
            following = self.reading.text[numeral.end : min(sentence.end, numeral.end + 70)]
            if numeral.kind == "amount" and numeral.unit == "1":
                self._count(numeral, preceding, following)
            numeral.per = self._per(numeral, preceding, following)
            if not numeral.device:
                numeral.device = self._device(numeral)
            numeral.subject = self._subject(numeral)
            numeral.marks = self._marks(numeral, preceding, following)

    def _count(self, numeral: Numeral, preceding: str, following: str) -> None:
        words = list(_WORD.finditer(_PHRASE_END.split(following)[0][:60]))[:4]
        start = numeral.end
        if _DEVICE_HOURS.match(following):
            numeral.noun = "gpuhour"
            return
        last_word = numeral.text.rsplit(" ", 1)[-1]
        if _noun_of(last_word) == "device":
            numeral.noun = "device"
        for mention in self._mentions_in(start, start + 34):
            if mention.kind in ("accelerators", "family") and "." not in self.reading.text[start : mention.start]:
                numeral.device = mention.id
                if self.reading.text[mention.end : mention.end + 1] != "-":
                    numeral.noun = numeral.noun or "device"
                break
        for match in words:
            noun = _noun_of(match.group())
            if noun and not (noun == "host" and match.group().lower() != "grace" and numeral.noun):
                numeral.noun = (
                    "host"
                    if noun == "host"
                    else noun
                    if not (numeral.noun == "device" and noun == "parameter")
                    else "device"
                )
                break
        if not numeral.noun and (possessive := re.match(r"[  ]of (?:its|their) own ([\w-]+)(?: ([\w-]+))?", following)):
            numeral.noun = next((n for n in map(_noun_of, filter(None, possessive.groups())) if n), "")
        if numeral.noun == "host":
            numeral.device = ""
        if not numeral.noun and re.match(r"[  ](?:of them|davon|of those|of these)", following):
            numeral.noun, numeral.device = self._last_count(numeral)
            stretch = self.reading.text[max(0, numeral.start - 160) : numeral.start]
            if numeral.noun == "device" and _RACK_WORD.search(stretch):
                # The words may mean racks or devices: a check takes the one that it needs.
                numeral.noun, numeral.device = "them", ""
        if not numeral.noun and re.search(r"(?i:number of [\w ]*chips|zahl der [\w-]*(?:chips|gpus))", preceding):
            numeral.noun = "device"
        if not numeral.noun:
            hyphen = re.match(r"-(\w+)", following)
            numeral.noun = _noun_of(hyphen.group(1)) if hyphen else ""

    def _last_count(self, numeral: Numeral) -> tuple[str, str]:
        earlier = [
            n
            for n in self.reading.numerals
            if n.start < numeral.start and n.noun and numeral.paragraph - n.paragraph <= 1
        ]
        if earlier:
            return earlier[-1].noun, earlier[-1].device
        device = self._last_mention(numeral.start, ("accelerators",), 400)
        return ("device", device.id) if device else ("", "")

    def _per(self, numeral: Numeral, preceding: str, following: str) -> str:
        if numeral.kind != "amount" or numeral.unit in units.DURATIONS:
            return ""
        if _APIECE.match(following):
            return "unit"
        match = _PER_BEHIND.match(following)
        if match and _EARLIER_BEHIND.match(following[match.end() :]):
            match = None
        if match:
            kind = _time_of(match.group("noun"))
            word = match.group("each").lower()
            if (
                kind
                and (word not in ("a", "an", "the", "im") or kind in ("year", "month", "week", "day", "hour"))
                and word != "the"
            ):
                return kind
            noun = _noun_of(match.group("noun")) or self._mentioned(numeral.end + match.start("noun"))
            if (
                noun
                and word not in ("im", "the")
                and not (word in ("a", "an") and noun not in ("device", "rack", "node"))
            ):
                return noun
        if re.match(
            r"[  ](?i:jährlich|annually|yearly|a year(?! (?:earlier|ago|before|later))|im Jahr(?! \d))", following
        ) or re.search(r"(?i:\bjährlich(?:en|e|er)?|annual(?:ly)?|yearly)[  ](?:\w+[  ]){0,3}$", preceding):
            return "year"
        if numeral.unit == "1" and numeral.noun not in ("device", "host", "die", "parameter"):
            return ""
        if _JE.search(preceding):
            return "unit"
        if numeral.noun in ("device", "host") and (pronoun := _HOLDS.search(preceding)):
            noun, _ = self._antecedent(numeral, numeral.start - len(preceding) + pronoun.start())
            if noun == "rack":
                return noun
        return self._device_after(numeral) or self._single(numeral, preceding) or self._named(numeral, preceding)

    def _named(self, numeral: Numeral, preceding: str) -> str:
        """Find the device that the clause names before a rate or memory: ``Ironwood peaks at``, ``for Trillium``."""
        if numeral.unit not in ("FLOP/s", "B", "B/s") or not _plausible(numeral, "device"):
            return ""
        start = numeral.start - len(preceding)
        nearby = [m for m in self._mentions_in(start, numeral.start) if m.kind == "accelerators"]
        if not nearby or nearby[-1].plural or _TOTAL.search(preceding[nearby[-1].end - start :]):
            return ""
        counted = re.search(
            r"\d[\d.,]*[  ](?:\w+[  ])?$|million[  ]$",
            self.reading.text[max(0, nearby[-1].start - 24) : nearby[-1].start],
        )
        if counted or numeral.start - nearby[-1].end > 70:
            return ""
        numeral.device = nearby[-1].id
        return "device"

    def _device_after(self, numeral: Numeral) -> str:
        """Find the device that follows a rate or memory: ``80 gigabytes for the H100``."""
        following = _FOR_DEVICE.match(self.reading.text, numeral.end)
        if following is None or numeral.unit not in ("FLOP/s", "B", "B/s") or not _plausible(numeral, "device"):
            return ""
        for mention in self._mentions_in(following.end(), following.end() + 1):
            if mention.kind == "accelerators" and not mention.plural:
                numeral.device = mention.id
                return "device"
        return ""

    def _single(self, numeral: Numeral, preceding: str) -> str:
        """Find what a determiner relates the amount to: ``Each NVL72 draws``, ``A GB200 reaches``, ``jeder davon``."""
        start = numeral.start - len(preceding)
        for match in reversed(list(_DETERMINER.finditer(preceding))):
            strong = match.group("strong") is not None
            noun, device = self._determined(numeral, preceding, match, start, strong)
            if not noun:
                continue
            gap = preceding[match.end() :]
            if _TOTAL.search(gap) or re.search(r"[;:]", gap) or not _plausible(numeral, noun):
                return ""
            numeral.device = numeral.device or device
            return noun
        return ""

    def _determined(
        self, numeral: Numeral, preceding: str, match: re.Match[str], start: int, strong: bool
    ) -> tuple[str, str]:
        """Return the noun and device after a determiner; empty if it is about something else."""
        if strong and _OF_THESE.match(preceding, match.end()):
            return self._antecedent(numeral, start + match.start())
        place = start + match.end()
        nearby = (m for m in self._mentions_in(place, place + 22) if m.kind in ("accelerators", "systems"))
        mention = next((m for m in nearby if self.reading.text[place : m.start].count(" ") <= 2), None)
        if mention is not None and not mention.plural and self.reading.text[mention.end : mention.end + 1] != "-":
            return ("rack", "") if mention.kind == "systems" else ("device", mention.id)
        phrase = _PHRASE.match(preceding, match.end())
        nouns = [_noun_of(word) for word in phrase.groups() if word] if phrase else []
        noun = next((n for n in nouns if n in ("device", "rack", "node")), "")
        definite = (match.group("weak") or "").lower() in ("the", "der", "die", "das", "den", "dem")
        plural = phrase is not None and any(
            w and w.lower().endswith(("gpus", "chips", "racks", "cabinets", "servers")) for w in phrase.groups()
        )
        return ("", "") if definite or (plural and not strong) else (noun, "")

    def _antecedent(self, numeral: Numeral, position: int) -> tuple[str, str]:
        """Find what ``each of them`` and ``jeder davon`` refer to: the thing counted or named last."""
        earlier = [
            n for n in self.reading.numerals if n.end <= position and n.noun and numeral.paragraph == n.paragraph
        ]
        mention = self._last_mention(position, ("accelerators", "systems"), 250)
        if mention and (not earlier or mention.start >= earlier[-1].start):
            return ("rack", "") if mention.kind == "systems" else ("device", mention.id)
        return (earlier[-1].noun, earlier[-1].device) if earlier else ("", "")

    def _mentioned(self, position: int) -> str:
        mention = next(
            (m for m in self._mentions_in(position, position + 2) if m.kind in ("accelerators", "systems")), None
        )
        return "" if mention is None else "rack" if mention.kind == "systems" else "device"

    def _device(self, numeral: Numeral) -> str:
        """Return the device that the sentence names last before the numeral."""
        if numeral.per not in ("device", "unit"):
            return ""
        sentence = self.reading.sentences[numeral.sentence]
        preceding = [m for m in self._mentions_in(sentence.start, numeral.start) if m.kind == "accelerators"]
        return preceding[-1].id if preceding else ""

    def _subject(self, numeral: Numeral) -> tuple[str, str]:
        """Return the site, machine or model of the sentence: the nearest before the numeral, else after it."""
        sentence = self.reading.sentences[numeral.sentence]
        kinds = ("sites", "supercomputers", "models")
        in_sentence = [m for m in self._mentions_in(sentence.start, sentence.end) if m.kind in kinds]
        preceding = [m for m in in_sentence if m.end <= numeral.start]
        nearest = preceding[-1] if preceding else (in_sentence[0] if in_sentence else None)
        if numeral.unit == "FLOP/s":
            # "Frontier (1.353)" and "1.809 exaflops, El Capitan": the nearest machine either way.
            machines = [m for m in in_sentence if m.kind == "supercomputers"]
            if machines:
                nearest = min(
                    machines,
                    key=lambda m: (m.start - numeral.end) + 25 if m.start > numeral.start else numeral.start - m.end,
                )
        if nearest is None:
            paragraph = next(s for s in self.reading.sentences if s.paragraph == numeral.paragraph)
            last = [m for m in self._mentions_in(paragraph.start, numeral.start) if m.kind in kinds]
            nearest = last[-1] if last else None
        if nearest is None and numeral.unit in ("W", "USD", "1"):
            earlier = [m for m in self._mentions_in(0, numeral.start) if m.kind == "sites"]
            nearest = earlier[-1] if earlier else None
            numeral.carried = nearest is not None
        return (nearest.kind, nearest.id) if nearest else ("", "")

    def _marks(self, numeral: Numeral, preceding: str, following: str) -> frozenset[str]:
        marks = set()
        sentence = self.reading.sentences[numeral.sentence]
        words = self.reading.text[sentence.start : sentence.end]
        offset = numeral.start - sentence.start
        end = offset + len(numeral.text)
        precisions = sorted((_gap(words, offset, end, m), m.lastgroup or "") for m in _PRECISION.finditer(words))
        if precisions:
            marks.add(f"precision:{precisions[0][1]}")
        for name, pattern in (("sparse", _SPARSE), ("dense", _DENSE)):
            if pattern.search(words):
                marks.add(name)
        index = numeral.sentence
        nearby = self.reading.sentences[index + 1] if index + 1 < len(self.reading.sentences) else None
        if (
            _DENIED.search(words)
            or _NEGATION.search(preceding)
            or (
                nearby
                and nearby.paragraph == numeral.paragraph
                and _NEXT_DENIES.search(self.reading.text[nearby.start : nearby.end])
            )
        ):
            marks.add("denied")
        if numeral.noun == "device" and (_EQUIVALENT.search(preceding[-90:]) or _EQUIVALENT.search(following[:45])):
            marks.add("equivalent")
        return frozenset(marks)

    def _mentions_in(self, start: int, end: int) -> list[Mention]:
        first = bisect_right(self.starts, start - 1)
        last = bisect_left(self.starts, max(end, start + 1))
        return self.mentions[first:last]

    def _last_mention(self, position: int, kinds: tuple[str, ...], reach: int) -> Mention | None:
        index = bisect_right(self.starts, position - 1) - 1
        while index >= 0 and position - self.mentions[index].end <= reach:
            if self.mentions[index].kind in kinds:
                return self.mentions[index]
            index -= 1
        return None


def _gap(words: str, start: int, end: int, match: re.Match[str]) -> float:
    """Measure how far a word is from a numeral, in characters; each end of a clause between them adds more."""
    if match.start() >= end:
        gap, extra = words[end : match.start()], 0
    else:
        gap, extra = words[match.end() : start], 6
    return len(gap) + extra + 40 * len(re.findall(r"[;:](?=\s)|,(?=\s)", gap))


def _noun_of(word: str) -> str:
    """Return the kind of a counted noun; empty if it is none."""
    for kind, pattern in _NOUN.items():
        if pattern.fullmatch(word):
            return kind
    head = re.split(r"-", word)[-1]
    return _noun_of(head) if head != word and head else ""


def _time_of(word: str) -> str:
    return next((kind for kind, pattern in _TIME.items() if pattern.fullmatch(word)), "")


#: Largest amounts that can be one device's or one rack's.
_MOST = {("W", "device"): 2e4, ("FLOP/s", "device"): 2e17, ("USD", "device"): 5e6, ("EUR", "device"): 5e6}
_MOST |= {("W", "rack"): 2e6, ("FLOP/s", "rack"): 2e19, ("USD", "rack"): 5e7, ("EUR", "rack"): 5e7, ("1", "rack"): 2e3}
_MOST |= {("W", "node"): 2e5, ("FLOP/s", "node"): 1e18, ("USD", "node"): 5e6, ("1", "node"): 64, ("1", "device"): 16}


def _plausible(numeral: Numeral, noun: str) -> bool:
    if numeral.unit not in ("W", "FLOP/s", "USD", "EUR", "1", "B", "B/s", "kg", "J"):
        return False
    return numeral.value <= _MOST.get((numeral.unit, noun), float("inf"))
