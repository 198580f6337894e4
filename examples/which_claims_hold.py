"""The claims of July 2025 against the physics."""

from lindos.answers import audit_claims

(section,) = audit_claims(None).sections
verdicts = section.tables[0]
for claim, _, said, verdict, off in verdicts.rows:
    print(f"{claim:4} {verdict:22} {off or '':20} {str(said)[:60]}")
