"""The claims of July 2025 against the physics."""

from lindos.answers import audit_claims
from lindos.report.text import cell

(section,) = audit_claims(None).sections
verdicts = section.tables[0]
for claim, _, said, verdict, off in verdicts.rows:
    print(f"{claim:4} {verdict:22} {cell(off, '1'):20} {str(said)[:60]}")
