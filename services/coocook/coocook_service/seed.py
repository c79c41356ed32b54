"""Development data: five chefs, who are the users 3 to 7 of platform's seed."""

from __future__ import annotations

from typing import Final

from sqlalchemy.dialects.postgresql import insert

from coocook_service.chefs.models import ALL_CHEFS, Chef
from shared.runtime import Runtime

CHEFS: Final = (
    (
        3,
        "Chef Park",
        "Korean",
        120,
        "Royal court dishes and home-style banchan, with kimchi from her own jars.",
    ),
    (
        4,
        "Chef Marco",
        "Italian",
        130,
        "Fresh pasta rolled at your table, and the slow sauces of Emilia-Romagna.",
    ),
    (5, "Chef Tanaka", "Japanese", 150, "Omakase for small rounds: sushi, seasonal kaiseki, a proper dashi."),
    (6, "Chef Dubois", "French", 140, "Bistro classics and patisserie, from onion soup to tarte Tatin."),
    (7, "Chef Garcia", "Mexican", 110, "Tacos on hand-pressed tortillas, moles that take two days."),
)


async def seed(runtime: Runtime) -> None:
    """Write the chefs; those that are there stay as they are."""
    rows = [
        {
            "user_id": user_id,
            "name": name,
            "cuisine_type": cuisine,
            "price_per_session": price,
            "bio": bio,
            "location": "Seoul",
        }
        for user_id, name, cuisine, price, bio in CHEFS
    ]
    async with runtime.database.session() as session:
        await session.execute(insert(Chef).values(rows).on_conflict_do_nothing(index_elements=["user_id"]))
        runtime.cache.invalidate_after_commit(session, ALL_CHEFS)
