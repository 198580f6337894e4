"""The words around a numeral: what it counts, the unit that it is per, its subject and its precision."""

import re
from bisect import bisect_left, bisect_right

from lindos.catalog import Catalog
from lindos.claims.text import context_words as patterns
from lindos.claims.text import units
from lindos.claims.text.hardware import SAME_RATE, UNNAMED, rates
from lindos.claims.text.marks import marks_of
from lindos.claims.text.numeral import Numeral
from lindos.claims.text.plausible import fits_one
from lindos.claims.text.read import Reading
from lindos.claims.text.relation import is_power, off_by
from lindos.claims.text.subjects import Mention


def _chip_sized(numeral: Numeral) -> bool:
    """Tell whether an amount is small enough to be that of one chip."""
    return fits_one(numeral, "device") and not (numeral.unit == "W" and numeral.value > patterns.MOST_CHIP_POWER)


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
            is_unnamed = numeral.per in ("device", "rack", "node") and self._of_predecessor(
                numeral, preceding, following
            )
            if numeral.per == "device" and is_unnamed:
                numeral.device = ""
            numeral.subject = self._subject(numeral)
            numeral.marks = marks_of(self.reading, numeral, preceding, following)
            if is_unnamed:
                numeral.marks |= {UNNAMED}

    def _of_predecessor(self, numeral: Numeral, preceding: str, following: str) -> bool:
        """Tell whether an amount is that of a product without a name: an earlier or later one, or a usual one."""
        behind = patterns.PREDECESSOR.search(following[:32])
        ahead = list(patterns.PREDECESSOR.finditer(preceding[-60:]))
        if ahead:
            start = numeral.start - len(preceding[-60:]) + ahead[-1].end()
            return not any(m.kind in ("accelerators", "systems") for m in self._mentions_in(start, numeral.start))
        return behind is not None

    def _count(self, numeral: Numeral, preceding: str, following: str) -> None:
        words = list(patterns.WORD.finditer(patterns.PHRASE_END.split(following)[0][:60]))[:4]
        start = numeral.end
        if patterns.DEVICE_HOURS.match(following):
            numeral.noun = "gpuhour"
            return
        last_word = numeral.text.rsplit(None, 1)[-1]
        if _noun_of(last_word) == "device":
            numeral.noun = "device"
        for mention in self._mentions_in(start, start + 34):
            if mention.kind in ("accelerators", "family") and "." not in self.reading.text[start : mention.start]:
                numeral.device = mention.id
                joined = self.reading.text[mention.end : mention.end + 12].lower()
                if not joined.startswith("-") or joined.startswith(("-äquivalent", "-equivalent")):
                    numeral.noun = numeral.noun or "device"
                break
        for match in words if not numeral.noun or numeral.device else ():
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
            if numeral.noun == "device" and patterns.RACK_WORD.search(stretch):
                # The words may mean racks or devices: a check takes the one that it needs.
                numeral.noun, numeral.device = "them", ""
            named = self._last_mention(numeral.start, ("accelerators", "systems"), 300)
            if numeral.noun == "device" and named is not None and named.kind == "systems":
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
        named = {
            m.id for m in self._mentions_in(max(0, numeral.start - 400), numeral.start) if m.kind == "accelerators"
        }
        return ("device", device.id if len(named) == 1 else "") if device else ("", "")

    def _per(self, numeral: Numeral, preceding: str, following: str) -> str:
        if numeral.kind != "amount" or numeral.unit in units.DURATIONS or numeral.unit == "B/s":
            return self._of_device(numeral, preceding) if numeral.unit == "B/s" else ""
        if numeral.unit in units.MONEY and numeral.value < patterns.MOST_HOURLY and self._is_hourly(numeral):
            return "hour"
        if patterns.APIECE.match(following) or (
            numeral.noun in ("device", "die", "host") and patterns.COUNT_OF_EACH.match(following)
        ):
            return "unit"
        if numeral.unit == "1" and (rate := patterns.COUNTED_RATE.match(following)) and _time_of(rate.group("noun")):
            return _time_of(rate.group("noun"))
        match = patterns.PER_BEHIND.match(following)
        if match and (patterns.EARLIER_BEHIND.match(following[match.end() :]) or self._heads_next(numeral, match)):
            match = None
        if match:
            kind = _time_of(match.group("noun"))
            word = match.group("each").lower()
            if (
                kind
                and (word not in ("a", "an", "the", "im", "am") or kind in ("year", "month", "week", "day", "hour"))
                and word != "the"
            ):
                return kind
            noun = _noun_of(match.group("noun")) or self._mentioned(numeral.end + match.start("noun"))
            if (
                noun
                and word not in ("im", "am", "the")
                and not (word in ("a", "an") and noun not in ("device", "rack", "node"))
            ):
                return noun
        if re.match(
            r"[  ](?i:jährlich|annually|yearly|a year(?! (?:earlier|ago|before|later))|im Jahr(?! \d| zuvor|"
            r" davor| vorher| danach| darauf))",
            following,
        ) or re.search(r"(?i:\bjährlich(?:en|e|er)?|annual(?:ly)?|yearly)[  ](?:\w+[  ]){0,3}$", preceding):
            return "year"
        ahead = patterns.PERIOD_AHEAD.search(preceding)
        if ahead and not self._ends_numeral(numeral.start - len(preceding) + ahead.start()):
            return _time_of(ahead.group("noun"))
        if numeral.unit == "1" and numeral.noun not in ("device", "host", "die", "parameter"):
            return ""
        if (each := patterns.JE.search(preceding)) and not self._ends_numeral(
            numeral.start - len(preceding) + each.start()
        ):
            return "unit"
        if numeral.noun in ("device", "host") and (pronoun := patterns.HOLDS.search(preceding)):
            noun, _ = self._antecedent(numeral, numeral.start - len(preceding) + pronoun.start())
            if noun == "rack":
                return noun
        return self._of_device(numeral, preceding)

    def _of_device(self, numeral: Numeral, preceding: str) -> str:
        """Find the device, rack or node that an amount is of."""
        return (
            self._device_after(numeral)
            or self._memory_device(numeral)
            or self._referred(numeral, preceding)
            or self._single(numeral, preceding)
            or self._named(numeral, preceding)
        )

    def _memory_device(self, numeral: Numeral) -> str:
        """Give a bandwidth the device of the memory right before it: ``its 288 gigabytes at 22 terabytes a "
        "second``."""
        if numeral.unit == "B/s":
            for n in self.reading.numerals:
                if n.unit == "B" and n.per == "device" and n.device and 0 <= numeral.start - n.end <= 24:
                    numeral.device = n.device
                    return "device"
        return ""

    def _referred(self, numeral: Numeral, preceding: str) -> str:
        """Find the device that a pronoun stands for: ``It needs 1,800 watts``, ``moves data from its 288 "
        "gigabytes``."""
        if numeral.unit not in patterns.OF_CHIPS or not (self._is_slip(numeral) or fits_one(numeral, "device")):
            return ""
        sentence = self.reading.sentences[numeral.sentence]
        start = sentence.start
        possessive, pronoun = (
            patterns.POSSESSIVE.search(preceding[-24:]),
            patterns.PRONOUN.match(self.reading.text, start),
        )
        if possessive:
            nearby = self._mentions_in(start, numeral.start)
            if not nearby and numeral.sentence > 0:
                previous = self.reading.sentences[numeral.sentence - 1]
                nearby = self._mentions_in(previous.start, previous.end)
        elif pronoun and numeral.sentence > 0 and not self._mentions_in(pronoun.end(), numeral.start):
            previous = self.reading.sentences[numeral.sentence - 1]
            if previous.paragraph != numeral.paragraph:
                return ""
            nearby = self._mentions_in(previous.start, previous.end)
        else:
            return ""
        devices = [m for m in nearby if m.kind == "accelerators"]
        if not devices or devices[0].plural or any(m.kind in ("systems", "sites", "supercomputers") for m in nearby):
            return ""
        numeral.device = devices[0].id
        return "device"

    def _is_slip(self, numeral: Numeral) -> bool:
        """Tell whether an amount has the digits of a named device's power or peak, with another prefix."""
        if numeral.unit == "FLOP/s":
            return self._slipped(numeral, "")
        boards = [self.catalog.accelerator(id).board_power for id in self._devices_before(numeral.start)]
        return numeral.unit == "W" and any(
            board.is_known and is_power(off_by(float(board.value), numeral), 1.01) for board in boards
        )

    def _heads_next(self, numeral: Numeral, match: re.Match[str]) -> bool:
        """Tell whether "per device" behind a comma belongs to the next amount: "100 million, per chip thus 930"."""
        position = numeral.end + match.end()
        return match.group().startswith(",") and any(
            position <= n.start <= position + 30 and not re.search(r"[,.;:]", self.reading.text[position : n.start])
            for n in self.reading.numerals
        )

    def _ends_numeral(self, position: int) -> bool:
        """Tell whether a numeral ends right before a position: "30.000 Dollar pro Stück 3 Milliarden"."""
        return any(position - 2 <= n.end <= position for n in self.reading.numerals)

    def _is_hourly(self, numeral: Numeral) -> bool:
        """Tell whether a small price is the rent of a device for an hour."""
        if not self._last_mention(numeral.end, ("accelerators", "family"), 200):
            return False
        if patterns.ENERGY_BEHIND.match(self.reading.text, numeral.end):
            return False
        paragraph = [s for s in self.reading.sentences if s.paragraph == numeral.paragraph]
        sentence = self.reading.sentences[numeral.sentence]
        if (
            any(m.kind == "accelerators" for m in self._mentions_in(sentence.start, numeral.start))
            and numeral.value < 20
        ):
            return bool(patterns.HOURLY.search(self.reading.text))
        return bool(patterns.HOURLY.search(self.reading.text[paragraph[0].start : paragraph[-1].end]))

    def _named(self, numeral: Numeral, preceding: str) -> str:
        """Find the device that the clause names before a rate or memory: ``Ironwood peaks at``, ``for Trillium``."""
        if numeral.unit not in patterns.OF_CHIPS or not (_chip_sized(numeral) or self._is_slip(numeral)):
            return ""
        start = numeral.start - len(preceding)
        nearby = [m for m in self._mentions_in(start, numeral.start) if m.kind == "accelerators"]
        if not nearby or nearby[-1].plural or patterns.TOTAL.search(preceding[nearby[-1].end - start :]):
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
        following = patterns.FOR_DEVICE.match(self.reading.text, numeral.end)
        if numeral.unit == "W":
            following = patterns.DRAWN_BY.match(self.reading.text, numeral.end) or following
        if following is None or numeral.unit not in patterns.OF_CHIPS or not _chip_sized(numeral):
            return ""
        for mention in self._mentions_in(following.end(), following.end() + 1):
            if mention.kind == "accelerators" and not mention.plural:
                numeral.device = mention.id
                return "device"
        return ""

    def _single(self, numeral: Numeral, preceding: str) -> str:
        """Find what a determiner relates the amount to: ``Each NVL72 draws``, ``A GB200 reaches``, ``jeder davon``."""
        start = numeral.start - len(preceding)
        for match in reversed(list(patterns.DETERMINER.finditer(preceding))):
            strong = match.group("strong") is not None
            noun, device = self._determined(numeral, preceding, match, start, strong)
            if not noun:
                continue
            gap = preceding[match.end() :]
            if patterns.TOTAL.search(gap) or re.search(r"[;:]", gap):
                return ""
            is_behind = self._ends_numeral(start + match.start())
            is_sure = strong and not is_behind and (_tells_amount(gap) or self._slipped(numeral, device))
            if not fits_one(numeral, noun) and not is_sure:
                return ""
            numeral.device = numeral.device or device
            return noun
        return ""

    def _slipped(self, numeral: Numeral, device: str) -> bool:
        """Tell whether a rate has the digits of a device's peak, with another prefix."""
        devices = [device] if device in self.catalog.names("accelerators") else self._devices_before(numeral.start)
        return numeral.unit == "FLOP/s" and any(
            is_power(off_by(peak, numeral), 1.01) for id in devices for peak in self._peaks(id)
        )

    def _devices_before(self, position: int) -> list[str]:
        """Return the devices that the text has named before a position, the last first."""
        earlier = [m.id for m in self.mentions if m.start < position and m.kind == "accelerators"]
        return list(dict.fromkeys(reversed(earlier)))[: patterns.MOST_DEVICES]

    def _peaks(self, id: str) -> list[float]:
        accelerator = self.catalog.accelerator(id)
        return [rate.value for rate in rates(accelerator, self.catalog)]

    def _determined(
        self, numeral: Numeral, preceding: str, match: re.Match[str], start: int, strong: bool
    ) -> tuple[str, str]:
        """Return the noun and device after a determiner; empty if it is about something else."""
        if strong and patterns.OF_THESE.match(preceding, match.end()):
            return self._antecedent(numeral, start + match.start())
        place = start + match.end()
        nearby = (m for m in self._mentions_in(place, place + 22) if m.kind in ("accelerators", "systems"))
        mention = next((m for m in nearby if self.reading.text[place : m.start].count(" ") <= 2), None)
        if mention is not None and patterns.WHOLE_SYSTEM.match(self.reading.text, mention.end):
            return ("node" if fits_one(numeral, "node") else "rack"), ""
        if mention is not None and not mention.plural and self.reading.text[mention.end : mention.end + 1] != "-":
            return ("rack", "") if mention.kind == "systems" else ("device", mention.id)
        phrase = patterns.PHRASE.match(preceding, match.end())
        nouns = [_noun_of(word) for word in phrase.groups() if word] if phrase else []
        noun = next((n for n in nouns if n in ("device", "rack", "node")), "")
        definite = (match.group("weak") or "").lower() in ("the", "der", "die", "das", "den", "dem")
        plural = phrase is not None and any(
            w and w.lower().endswith(("gpus", "chips", "racks", "cabinets", "servers")) for w in phrase.groups()
        )
        if strong and not noun and (phrase is None or phrase.group(1).islower()):
            # "in Schränken, jeder so schwer wie": the noun comes before.
            ahead = [
                _noun_of(word) for word in re.findall(r"[\w-]+", preceding[max(0, match.start() - 40) : match.start()])
            ]
            noun = next((n for n in reversed(ahead) if n in ("device", "rack", "node")), "")
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
        if preceding or numeral.per != "device":
            return preceding[-1].id if preceding else ""
        if numeral.unit in ("W", "USD", "B"):
            devices = self._devices_before(numeral.start)
            fitting = [id for id in devices if self._sized(numeral, id)]
            return next(iter(fitting or ([] if numeral.unit == "B" else devices)), "")
        for id in self._devices_before(numeral.start):
            factors = [off_by(peak, numeral) for peak in self._peaks(id)]
            if any(factor <= SAME_RATE or is_power(factor, 1.01) for factor in factors):
                return id
        return ""

    def _sized(self, numeral: Numeral, id: str) -> bool:
        """Tell whether an amount fits a device: within a factor of two of its power or price, or its memory."""
        device = self.catalog.accelerator(id)
        fact = {"W": device.board_power, "USD": device.price}.get(numeral.unit, device.memory)
        return fact.is_known and off_by(float(fact.value), numeral) <= (1.08 if numeral.unit == "B" else 2.0)

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
                nearest = self._machine(numeral, machines)
        if nearest is None:
            paragraph = next(s for s in self.reading.sentences if s.paragraph == numeral.paragraph)
            last = [m for m in self._mentions_in(paragraph.start, numeral.start) if m.kind in kinds]
            nearest = last[-1] if last else None
        if nearest is None and numeral.unit in ("W", "USD", "1", "J"):
            earlier = [m for m in self._mentions_in(0, numeral.start) if m.kind == "sites"]
            nearest = earlier[-1] if earlier else None
            numeral.carried = nearest is not None
        return (nearest.kind, nearest.id) if nearest else ("", "")

    def _machine(self, numeral: Numeral, machines: list[Mention]) -> Mention:
        """Return the machine that a rate belongs to: the last before it that no other rate follows, else the "
        "nearest."""
        earlier = [m for m in machines if m.end <= numeral.start]
        rates_between = earlier and any(
            n.unit == "FLOP/s" and earlier[-1].end <= n.start < numeral.start for n in self.reading.numerals
        )
        if earlier and not rates_between and machines[0].start < numeral.start:
            first = next(n for n in self.reading.numerals if n.sentence == numeral.sentence and n.unit == "FLOP/s")
            if machines[0].start < first.start:
                return earlier[-1]
        return min(
            machines, key=lambda m: (m.start - numeral.end) + 25 if m.start > numeral.start else numeral.start - m.end
        )

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


def _tells_amount(gap: str) -> bool:
    """Tell whether the words between "each chip" and an amount say that it has the amount, whatever its size."""
    if len(gap) > patterns.LONGEST_TELLING or patterns.ANEW.search(gap):
        return False
    return patterns.TELLS.search(gap) is not None


def _noun_of(word: str) -> str:
    """Return the kind of a counted noun; empty if it is none."""
    for kind, pattern in patterns.NOUN.items():
        if pattern.fullmatch(word):
            return kind
    head = re.split(r"-", word)[-1]
    return _noun_of(head) if head != word and head else ""


def _time_of(word: str) -> str:
    return next((kind for kind, pattern in patterns.TIME.items() if pattern.fullmatch(word)), "")
