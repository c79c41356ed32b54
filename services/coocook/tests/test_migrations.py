"""What a migration makes of the rows that are there."""

from __future__ import annotations

from shared.db import migrate
from shared.db.database import Database
from shared.service import ServiceDefinition

BEFORE_DEADLINES = "20261123120200"
ROWS = """
    INSERT INTO chefs (id, user_id, name, cuisine_type, location, price_per_session, rating_sum, rating_count)
        OVERRIDING SYSTEM VALUE VALUES (1, 200, 'A', 'x', 'y', 100, 14, 4), (2, 201, 'B', 'x', 'y', 1, 5, 1);
    INSERT INTO bookings (id, user_id, chef_id, booking_date, period, duration_hours, status, total_price, currency)
        OVERRIDING SYSTEM VALUE
        SELECT n, 100 + n / 10, 1, current_date, tstzrange(start, start + interval '1 hour'), 1, status, 100, 'USD'
        FROM (VALUES (1, 2, 'pending'), (2, 3, 'confirmed'), (3, 4, 'confirmed'), (4, 5, 'pending'),
            (5, -9, 'completed'), (6, -8, 'completed'), (7, -7, 'completed'), (10, -6, 'completed')
        ) AS given(n, days, status), LATERAL (SELECT now() + days * interval '1 day' AS start) AS s;
    UPDATE bookings SET period = tstzrange(now() + interval '5 minutes', now() + interval '1 hour') WHERE id = 4;
    INSERT INTO booking_payments (booking_id, user_id, attempt, customer, amount, currency, status, transaction_id)
        VALUES (3, 100, 1, 'cus', 100, 'USD', 'succeeded', 'pi');
    INSERT INTO booking_reviews (booking_id, user_id, chef_id, rating, comment)
        VALUES (5, 100, 1, 5, ''), (6, 100, 1, 5, ''), (7, 100, 1, 1, ''), (10, 101, 1, 3, '');
"""


async def test_reservations_get_deadlines_and_one_review_of_each_customer_counts(
    committed_db: Database, definition: ServiceDefinition
) -> None:
    await migrate.downgrade(committed_db.url, definition.migrations, revision=BEFORE_DEADLINES)
    async with committed_db.read_raw() as connection:
        await connection.execute(ROWS)
    await migrate.upgrade(committed_db.url, definition.migrations, say=lambda _: None)
    deadlines = await committed_db.fetch(
        "SELECT id, round(extract(epoch FROM expires_at - now()) / 60)::int AS minutes FROM bookings WHERE id < 5"
    )
    assert {row["id"]: row["minutes"] for row in deadlines} == {1: 30, 2: 24 * 60, 3: None, 4: 5}
    chefs = await committed_db.fetch("SELECT id, rating, rating_count FROM chefs")
    assert {row["id"]: (row["rating"], row["rating_count"]) for row in chefs} == {1: (2.0, 2), 2: (5.0, 1)}
