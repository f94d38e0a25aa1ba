"""A scope of its own for reading names of people and customers

Revision: 0015, after 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who could read names before still can.
    op.execute("UPDATE api_key SET scopes = scopes || ' names:read'")
    # What was wrong in a name is told without the name from now on.
    op.execute("UPDATE submission_problem SET value = NULL WHERE \"column\" = 'name'")


def downgrade() -> None:
    op.execute("UPDATE api_key SET scopes = replace(scopes, ' names:read', '')")
