"""Reviews: writing one, the chef's rating with it, and what anybody reads of them, kept in the cache until the next.

Of each customer's reviews of a chef the newest one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import false

from coocook_service.bookings.errors import BookingNotFound
from coocook_service.bookings.models import Booking
from coocook_service.bookings.refunds import is_paid
from coocook_service.chefs.errors import ChefNotFound
from coocook_service.chefs.events import ChefRated
from coocook_service.chefs.models import ALL_CHEFS, IS_OPEN, SHOWN_RATING, Chef, chef_tag
from coocook_service.reviews.errors import AlreadyReviewed, NotCompleted, NotTheCustomer
from coocook_service.reviews.models import Review
from coocook_service.reviews.schemas import ChefReviews, ReviewCard
from coocook_service.tables import Outbox
from shared.cache import Cache, Entry
from shared.db.constraints import translate
from shared.db.database import Database
from shared.events.outbox import publish
from shared.schemas.dates import utcnow
from shared.schemas.json import dumps
from shared.schemas.keyset import encode_cursor, split_page

FIELDS = (
    Review.id,
    Review.user_id,
    Review.rating,
    Review.comment,
    Review.created_at,
    Review.counts.is_not(false()).label("counts"),
)
# Shorter than for profiles, since a thousand comments are many bytes.
MEMORY_SECONDS = 3.0
REDIS_SECONDS = 300.0


async def add(
    session: AsyncSession, *, cache: Cache, booking_id: int, user_id: int, rating: int, comment: str
) -> tuple[Review, ChefRated]:
    """The review, and what the chef's rating is with it.

    Raises BookingNotFound, NotTheCustomer, NotCompleted or AlreadyReviewed.
    """
    booking = await _reviewable(session, booking_id=booking_id, user_id=user_id)
    await _lock_rating(session, booking.chef_id)
    replaced = await _stop_counting(session, chef_id=booking.chef_id, user_id=user_id)
    review = Review(
        booking_id=booking_id,
        user_id=user_id,
        chef_id=booking.chef_id,
        rating=rating,
        comment=comment,
        counts=True,
    )
    session.add(review)
    with translate({"uq_booking_reviews_booking_id": AlreadyReviewed}):
        await session.flush()
    rated = await _add_to_rating(session, chef_id=booking.chef_id, rating=rating, replaced=replaced)
    await publish(session, Outbox, rated, key=f"chef:{booking.chef_id}")
    cache.invalidate_after_commit(session, ALL_CHEFS, chef_tag(booking.chef_id))
    return review, rated


async def of_chef(database: Database, cache: Cache, *, chef_id: int, limit: int, before: int | None) -> Entry:
    """A page of reviews with ids below `before`, newest first, as JSON. Raises ChefNotFound."""
    return await cache.get_or_load_entry(
        page_key(chef_id, limit=limit, before=before),
        partial(_load, database, chef_id, limit, before),
        memory_ttl=MEMORY_SECONDS,
        redis_ttl=REDIS_SECONDS,
        tags=(chef_tag(chef_id),),
    )


def page_key(chef_id: int, *, limit: int, before: int | None) -> str:
    """Tells apart the pages."""
    return f"chef:{chef_id}:reviews:{limit}:{before}"


async def _reviewable(session: AsyncSession, *, booking_id: int, user_id: int) -> Booking:
    # No lock: a completed booking stays completed, and what was paid for it is not given back.
    booking = await session.get(Booking, booking_id)
    if booking is None:
        raise BookingNotFound
    if booking.user_id != user_id:
        raise NotTheCustomer
    if booking.status != "completed" or booking.ends_at > utcnow() or not await is_paid(session, booking_id):
        raise NotCompleted
    return booking


async def _lock_rating(session: AsyncSession, chef_id: int) -> None:
    """Reviews of a chef are counted one after the other, the same customer's too."""
    await session.execute(select(Chef.id).where(Chef.id == chef_id).with_for_update(key_share=True))


async def _stop_counting(session: AsyncSession, *, chef_id: int, user_id: int) -> Sequence[int]:
    """The ratings by this customer that counted so far and no longer count."""
    statement = (
        update(Review)
        .where(Review.chef_id == chef_id, Review.user_id == user_id, Review.counts.is_not(false()))
        .values(counts=False)
        .returning(Review.rating)
    )
    return (await session.scalars(statement)).all()


async def _add_to_rating(
    session: AsyncSession, *, chef_id: int, rating: int, replaced: Sequence[int]
) -> ChefRated:
    statement = (
        update(Chef)
        .where(Chef.id == chef_id)
        .values(
            rating_sum=Chef.rating_sum + rating - sum(replaced),
            rating_count=Chef.rating_count + 1 - len(replaced),
        )
        .returning(Chef.rating, Chef.rating_count)
    )
    average, count = (await session.execute(statement)).one()
    return ChefRated(chef_id=chef_id, rating=average, rating_count=count)


async def _load(database: Database, chef_id: int, limit: int, before: int | None) -> bytes:
    chef_query = select(Chef.name, SHOWN_RATING, Chef.rating_count).where(Chef.id == chef_id, IS_OPEN)
    query = select(*FIELDS).where(Review.chef_id == chef_id).order_by(Review.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(Review.id < before)
    async with database.read(fresh=True) as connection:
        chef = (await connection.execute(chef_query)).one_or_none()
        if chef is None:
            raise ChefNotFound
        rows, last = split_page((await connection.execute(query)).mappings().all(), limit)
    page = ChefReviews(
        chef_id=chef_id,
        chef_name=chef.name,
        average_rating=chef.rating,
        total_reviews=chef.rating_count,
        reviews=[ReviewCard(**row) for row in rows],
        next_cursor=encode_cursor(last["id"]) if last else None,
    )
    return dumps(page)
