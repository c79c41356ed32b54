"""Products are sold in currencies that are known here, at prices that the provider can charge."""

from __future__ import annotations

from alembic import op

revision: str = "20261130150000"
down_revision: str | None = "20261130121000"

# As `shared.schemas.money` has them today; a test says when the two differ.
KNOWN = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY
    COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD
    JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD
    NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL
    THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW
"""
WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF"

VALIDATE = """
    DO $$ BEGIN
        ALTER TABLE products VALIDATE CONSTRAINT {name};
    EXCEPTION WHEN check_violation THEN
        RAISE WARNING 'a product has a price that cannot be charged: {name}';
    END $$
"""


def upgrade() -> None:
    """Expand: what is written from now on is checked, also by the release before.

    An older row that does not hold stays: its checkout is refused until somebody has said what it costs.
    """
    known, whole = _listed(KNOWN), _listed(WHOLE)
    _check("ck_products_currency", f"currency IN ({known})")
    _check(
        "ck_products_whole_prices",
        f"currency NOT IN ({whole}) OR (monthly_price = trunc(monthly_price)"
        " AND (annual_price IS NULL OR annual_price = trunc(annual_price)))",
    )


def _check(name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE products DROP CONSTRAINT IF EXISTS {name}")
    op.execute(f"ALTER TABLE products ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(VALIDATE.format(name=name))


def _listed(codes: str) -> str:
    return ", ".join(f"'{code}'" for code in codes.split())


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_constraint("ck_products_whole_prices", "products")
    op.drop_constraint("ck_products_currency", "products")
