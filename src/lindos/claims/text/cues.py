"""Words that tie numbers to each other: results, shares of a load, periods of a year."""

import re

#: Words before or right behind a number that is the result of a calculation.
RESULT = re.compile(
    r"(?i:\b(?:zusammen|insgesamt|macht|machen|ergibt|ergeben|ergäbe[n]?|entspricht|entsprechen|"
    r"entspräche[n]?|summiert|"
    r"beläuft|beliefe|käme[n]?|kommt|kommen|wären|wäre|sind das|das sind|demnach|somit|damit|also|mithin|folglich|"
    r"rechnerisch|braucht|bräuchte[n]?|benötigt|zieht|zöge[n]?|kostet|kosten|kostete[n]?|verbraucht|verbrauchen|"
    r"verbrauchte[n]?|würde[n]?|müsste[n]?|fallen an|entfallen|entfällt|leiste[nt]|"
    r"total|together|altogether|combined|adds? up|comes? to|came to|works? out|amounts?|means?|makes?|equals?|"
    r"equivalent|thus|therefore|hence|so|that is|that's|would|needs?|require[sd]?|draws?|costs?|bill|in all|all told|"
    r"overall|gives?|giving|yields?|brings?|accounts? for|uses?|consumes?|takes?|took|performs?|earns?|each|apiece|"
    r"implies|implying|roughly|some|or)\b)"
)
#: Words around a fraction that is one of a load, a peak or of the time.
UTILISED = re.compile(
    r"(?i:utili[sz]|auslast|ausgelast|\bload\b|\blast\b|volllast|teillast|capacity factor|of (?:its|"
    r"the|their) peak|of peak|"
    r"of (?:its|the|their) (?:full |rated )?(?:capacity|power)|der (?:höchst|spitzen|nenn|anschluss)leistung|"
    r"der leistung|efficien|mfu\b|of the time|der zeit|ausnutz|busy|ausgenutzt)"
)
#: Words that make a power the mean of a year.
MEAN = re.compile(r"(?i:\b(?:average|averages|mean|im mittel|im schnitt|durchschnitt\w*)\b)")
#: Words by which an energy or a sum of money is that of a year.
YEARLY = re.compile(
    r"(?i:im jahr|übers jahr|über ein jahr|pro jahr|jährlich\w*|a year|per year|each year|annual\w*|"
    r"over a (?:full )?year|"
    r"for a (?:full |whole )?year|yearly|in einem jahr|in a year|jahresverbrauch|aufs jahr|"
    r"auf das jahr|im jahresmittel|"
    r"jahresbedarf|im laufe eines jahres|ein jahr lang|a full year|rund um die uhr|around the clock)"
)
#: Words that make a number the mean of what a total gives over a time.
AVERAGED = re.compile(
    r"(?i:\b(?:on average|an average of|im schnitt|im mittel|durchschnittlich|jeweils|rechnerisch)\b)"
)
