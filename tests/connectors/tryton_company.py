"""Makes a Tryton company with sellers and a product, and prints an API key. Run by the Python of Tryton's own
environment, as its libraries are no part of Kontor: `python tryton_company.py DATABASE`."""

import sys
from datetime import date
from decimal import Decimal

from proteus import Model, Wizard, config
from trytond.modules.account.tests.tools import create_chart, get_accounts
from trytond.modules.company.tests.tools import create_company

FIRST_DAY = date(2025, 1, 1)
SELLERS = ("Anna Berg", "Ben Cole")


def main(database: str) -> None:
    config.set_trytond(database)
    module = Model.get("ir.module")
    module.click(module.find([("name", "=", "sale_opportunity")]), "activate")
    Wizard("ir.module.activate_upgrade").execute("upgrade")
    create_company()
    create_chart()
    for name in SELLERS:
        person = Model.get("party.party")(name=name)
        person.save()
        employee = Model.get("company.employee")(party=person, start_date=FIRST_DAY)
        employee.save()
    make_product()
    sys.stdout.write(api_key())


def make_product() -> None:
    category = Model.get("product.category")(name="Goods", accounting=True)
    category.account_revenue = get_accounts()["revenue"]
    category.save()
    group = Model.get("product.category")(name="pumps")
    group.save()
    (unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
    template = Model.get("product.template")(name="Pump", default_uom=unit, type="service", salable=True)
    template.list_price = Decimal(100)
    template.account_category = category
    template.categories.append(group)
    template.save()


def api_key() -> str:
    """A key of the first user for the REST interface."""
    application = Model.get("res.user.application")(application="rest")
    application.user = Model.get("res.user")(config.get_config().user)
    application.save()
    return application.key


if __name__ == "__main__":
    main(sys.argv[1])
