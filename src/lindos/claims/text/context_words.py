"""Patterns of the words around a numeral: counted nouns, units that it is per, precisions, denials."""

import re

#: Nouns that are counted, by what they are; a stem matches any ending and any first part of a German compound.
NOUNS = {
    "gpuhour": r"(?:gpu|tpu|chip|h100|device|accelerator)[- ]?(?:stunden?|hours?)",
    "die": r"dies?|dice",
    "device": (
        r"gpus?|[\w-]*chips?|[\w-]*karten?|tpus?|accelerators?|beschleunigern?|einheiten|units|stück|"
        r"[\w-]*superchips?|"
        r"processors?|prozessoren|npus?|(?:\w+-)?äquivalent(?:en?)?|(?:\w+-)?equivalents?|packages?|exemplaren?|"
        r"exemplare|bausteinen?|bausteine|pakete?n?|"
        r"[\w-]*modulen?|"
        r"modules?|cards?|grafikprozessoren"
    ),
    "rack": r"[\w-]*racks?|cabinets?|[\w-]*schränken?|[\w-]*schranke?s?|schrank",
    "node": r"[\w-]*servern?|servers?|nodes?|knoten|systems?|systemen?",
    "host": r"(?:grace|vera)(?:-\w+)?|[\w-]*cpus?",
    "token": r"tokens?",
    "parameter": r"[\w-]*parametern?|parameters?|weights",
    "household": r"households?|haushalten?|homes",
    "plant": r"[\w-]*plants?|kraftwerken?|reaktoren|reactors?|turbines?|turbinen|blöcken?",
    "person": r"employees|people|workers|mitarbeitern?|menschen|beschäftigten?|readers|kunden|customers|users|"
    r"nutzern?",
}
RACK_WORD = re.compile(
    r"(?i:\b(?:a|an|ein|eine|der|the|each|jeder)[  ](?:\w+[  ])?(?:racks?|cabinet|schrank|servers?|node)\b)"
)
DEVICE_HOURS = re.compile(r"[  ](?:[A-Z]\w+[  -])?(?i:gpu|chip|device|accelerator)?[  -](?i:hours|stunden)\b")
NOUN = {kind: re.compile(rf"(?i:{pattern})") for kind, pattern in NOUNS.items()}
WORD = re.compile(r"[A-Za-zÄÖÜäöüß0-9][\w.]*(?:-[A-Za-zÄÖÜäöüß0-9][\w]*)*")
#: End of the phrase that a number counts.
PHRASE_END = re.compile(r"[.;:!?()„“\"]|,(?!\d)|\b(?i:per|pro|je|for|in|at|für|auf|bei|to|with|mit)\b")
TIMES = {
    "year": r"jahr(?:es)?|year|annum|jährlich|annually|yearly|a year",
    "month": r"monats?|month",
    "week": r"woche|week",
    "day": r"tag|day",
    "hour": r"stunde|hour|gpu-hour|gpu-stunde|gpu-stunden|chip-hour",
    "minute": r"minute",
    "second": r"sekunde|second",
    "token": r"(?:million )?tokens?|million tokens",
    "power": r"gigawatt|megawatt|watt|kilowatt|gw|mw|kw",
    "energy": r"kilowattstunde|megawattstunde|kilowatt-hour|megawatt-hour|kwh|mwh",
}
TIME = {kind: re.compile(rf"(?i:{pattern})$") for kind, pattern in TIMES.items()}
PER_BEHIND = re.compile(
    r"[  ,]{0,2}(?:(?i:auf|für|for|on)[  ])?(?:(?P<each>(?i:pro|je|per|for each|for every|jede[nrsm]?|each|"
    r"every|im|am|"
    r"a|an|the))[  ])(?:(?i:einzelne[nrs]?|installed|of)[  ])?(?P<noun>[\w-]+)"
)
COUNTED_RATE = re.compile(
    r"(?:[  ][\w-]+){1,3}[  ](?i:pro|je|per|a|every|each|jede[nrs]?|die|in der|am|im)[  ](?P<noun>[\w-]+)(?!\w)"
    r"(?![  ](?i:earlier|ago|before|later|zuvor|davor))"
)
FOR_DEVICE = re.compile(
    r"(?:[  ]in[  ][\w-]+)?(?:[  ](?:dense|dicht))?[  ](?:for|of|in|on|bei|beim|im|für)[  ](?:the[  ]|an?[  ]|den[  ]|"
    r"dem[  ])?"
)
HOLDS = re.compile(
    r"(?i:\b(?:beide|both|er|sie|es|it|they|which|that)[  ](?:enthält|enthalten|holds?|houses?|contains?|packs?|"
    r"umfasst|fasst|has|have))"
    r"(?:[  ]\w+){0,5}[  ]$"
)
EARLIER_BEHIND = re.compile(r"[  ](?:earlier|ago|before|later|zuvor|davor|vorher|danach|darauf|später|previously)\b")
#: Words behind a counted noun that make the count one of each: "four MI250X each".
COUNT_OF_EACH = re.compile(
    r"(?:[  ][\w-]+){1,3}[  ](?i:each|apiece|jeweils|je Knoten|je Schrank|pro Knoten|per node)(?!\w)"
)
#: Verbs by which each thing has an amount, and the longest stretch of words that tells it.
TELLS = re.compile(
    r"(?i:\b(?:accounts? for|draws?|needs?|uses?|costs?|has|have|gets?|carries|carry|holds?|"
    r"delivers?|offers?|reach(?:es)?|"
    r"takes?|consumes?|zieht|braucht|kostet|hat|bekommt|trägt|fasst|liefert|bietet|erreicht|schafft|nimmt|verbraucht|"
    r"benötigt|leistet|entfallen|kommen)\b)"
)
LONGEST_TELLING = 44
#: Words that begin another statement: a number, a clause, another subject.
ANEW = re.compile(
    r"(?i:\d|,|\b(?:the|another|rest|all|die|der|das|den|weitere\w*|übrige\w*|alle|together|"
    r"zusammen|others?|andere\w*)\b)"
)
#: A unit of energy that a price is for: "15 Cent je Kilowattstunde".
ENERGY_BEHIND = re.compile(
    r"[  ]?(?:/|(?i:je|pro|per|a|an|für die|die|the)[  ])(?:\w+[  ])?(?i:kilowatt|megawatt|kwh|mwh)"
)
#: A period right before an amount: "am Tag 480.000", "pro Monat rund 2 Millionen".
PERIOD_AHEAD = re.compile(
    r"(?i:\b(?:am|pro|je|per|in der|a|each|every)[  ](?P<noun>tag|day|stunde|hour|woche|week|monat|month))[  ]"
    r"(?i:also |rund |etwa |knapp |gut |about |some |roughly )?$"
)
APIECE = re.compile(r"[  ,]{0,2}(?i:apiece|each|jeweils|pro Stück|das Stück|je Stück|a piece|per unit|in each)(?!\w)")
JE = re.compile(r"(?i:\bje|\bjeweils|\beach|\bpro Stück)[  ](?i:rund |etwa |knapp |gut |about |roughly )?$")
DETERMINER = re.compile(
    r"\b(?P<strong>(?i:each|every|jede[rsnm]?|pro|je|per|eine?[nrs]?[  ]einzelne[rsnm]?|a single))(?!\w)|"
    r"\b(?P<weak>(?i:one|an?|the|eine?[rsnm]?|der|die|das|dem|den))(?!\w)"
)
OF_THESE = re.compile(r"[  ](?i:of (?:them|these|those|the)|davon|dieser|solche[rsn]?)(?!\w)")
PHRASE = re.compile(r"[  ]([\w-]+)(?:[  ]([\w-]+))?")
TOTAL = re.compile(
    r"(?i:\b(?:ensemble|together|zusammen|insgesamt|total|totals?|overall|all of (?:them|it)|whole|gesamt\w*|"
    r"altogether|combined|"
    r"cluster|hall|halle|site|campus|standort\w*|anlage|rechenzentrum|data cent(?:er|re)|fleet|flotte|add up|bring|"
    r"macht|summe|"
    r"for all|für alle)\b)"
)
PRECISIONS = {
    "fp64": r"fp64|double precision|doppelter genauigkeit|doppelte genauigkeit|64[- ]bit|linpack|hpl",
    "fp32": r"fp32|single precision|einfacher genauigkeit|32[- ]bit",
    "tf32": r"tf32",
    "bf16": r"bf16|fp16|16[- ]bit|bfloat16|half precision|halber genauigkeit",
    "fp8": r"fp8|8[- ]bit|int8|mxfp8|acht bit",
    "fp4": r"fp4|4[- ]bit|nvfp4|mxfp4|vier bit",
}
PRECISION = re.compile("|".join(rf"(?P<{name}>\b(?i:{pattern})\b)" for name, pattern in PRECISIONS.items()))
SPARSE = re.compile(r"(?i:\bspars(?:e|ity)\b|sparsity|dünn besetzt|mit ausgenutzter)")
#: Words that call a rate one with sparsity, and not one without.
SPARSE_WORD = re.compile(
    r"(?i:(?<!without )(?<!ohne )(?<!no )(?:\bsparse\b|\bsparsity\b|dünn besetzt\w*|dünnbesetzt\w*|\bspärlich\w*))"
)
CLAUSE_MARK = re.compile(r"[;:](?=\s)|,(?=\s)|[  ](?:and|und|or|oder|but|aber|while|während)[  ]")
DENSE = re.compile(r"(?i:\bdense\b|\bdicht\b|without sparsity|ohne sparsity)")
DENIED = re.compile(
    r"(?i:\b(?:wrongly|mistakenly|erroneously|fälschlich\w*|irrtümlich\w*|irreführend|misread|misquoted|not true|"
    r"is wrong|was wrong|"
    r"is false|stimmt nicht|ist falsch|war falsch|falsch ist|trifft nicht zu|did not say|correction|korrektur|"
    r"earlier version|"
    r"früheren version|zunächst hieß|makes no sense|ergibt keinen sinn|kann nicht stimmen|impossible|unmöglich|"
    r"absurd\w*|nonsense|unsinn|cannot be right|"
    r"can't be right|"
    r"debunk\w*|myth|mythos|verwechsel\w*|confus\w*|übertrieben|overstated|slip|typo|tippfehler|übersetzungsfehler)\b)"
)
NEXT_DENIES = re.compile(
    r"(?i:^[„“\"]?(?:that|this|das|dies|der wert|die zahl|the figure|the number|both|beides)\W.{0,60}"
    r"(?:wrong|false|not true|falsch|stimmt nicht|nicht richtig|unsinn|nonsense|impossible|unmöglich|cannot be|"
    r"mistake|irrtum|fehler)|"
    r"^(?:not so|falsch|wrong|no|nein)[.,:!])"
)
NEGATION = re.compile(
    r"(?i:\b(?:not|nicht|statt|instead of|rather than|anstelle von|und nicht|and not|keineswegs|"
    r"keine)[  ](?:\w+[  ]){0,2})$"
)
EQUIVALENT = re.compile(
    r"(?i:equivalen|äquivalen|entspr|worth(?![  ](?:\w+[  ]){0,2}[$€£])|gleichwertig|h100e\b|das wert|"
    r"as much as|what .{0,30}would give|ersetz|"
    r"replace)"
)


#: Devices that a sentence without a name may be about.
MOST_DEVICES = 4
#: Prices below this may be those of an hour of a device.
MOST_HOURLY = 150.0
HOURLY = re.compile(r"(?i:\b(?:hours?|hourly|stunden?|stündlich\w*|gpu-?stunden?)\b|/h\b|-hour\b)")
#: What follows a name of a device that stands for a whole system: "the H100 version".
WHOLE_SYSTEM = re.compile(
    r"[  -](?i:version|variante|ausführung|server|system|box|node|rack|cluster|machine|instance|pod|schrank|"
    r"knoten|modell|hour|stunde)"
)
PREDECESSOR = re.compile(
    r"(?i:\b(?:predecessors?|vorgänger\w*|previous (?:generation|model|chip)|older (?:generation|model|chip)|"
    r"vorgängermodell\w*|vorgängergeneration|vorigen generation|successors?|nachfolger\w*|next generation|"
    r"(?:conventional|ordinary|traditional|standard|usual|average|regular|older|earlier|legacy|typical)[  ]"
    r"(?:\w+[  ])?(?:racks?|servers?|cabinets?|nodes?|chips?|gpus?|data cent(?:er|re)s?)|"
    r"(?:herkömmlich|gewöhnlich|klassisch|üblich|normal|durchschnittlich|konventionell|ältere?|früher)e?[nrsm]?[  ]"
    r"(?:\w+[  ])?(?:\w*(?:schr[aä]nk|server|rack|knoten|chip|rechenzentr)\w*|gpus?))\b)"
)


DRAWN_BY = re.compile(
    r"[  ](?i:genehmigt|nimmt|zieht|schluckt|braucht|verbraucht|benötigt|are drawn by|for)[  ](?:sich[  ])?"
    r"(?:the[  ]|an?[  ]|de[rnm][  ]|ein[  ])?"
)
OF_CHIPS = ("FLOP/s", "B", "B/s", "W")
MOST_CHIP_POWER = 3_000.0

#: Words that stand for the device named before.
PRONOUN = re.compile(
    r"(?i:(?:(?:in|bei|mit) \w+ )?(?:er|sie|es|it|the (?:chip|part|processor|device|gpu|accelerator|module)|"
    r"der (?:chip|"
    r"prozessor|beschleuniger|baustein)|dieser|das modell|this (?:chip|one|part))(?:[  ]also)?[  ])"
)
POSSESSIVE = re.compile(r"(?i:\b(?:its|sein(?:e[nrms]?)?|ihr(?:e[nrms]?)?|dessen|deren)[  ](?:\w+[  ]){0,2})$")
