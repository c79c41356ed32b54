"""A small API for tests of what is a break of one, and its places that they edit."""

from __future__ import annotations

import copy
from typing import Any

Document = dict[str, Any]

BOOKING = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "integer"},
        "status": {"type": "string", "enum": ["pending", "confirmed"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "price": {"type": "number"},
        "days": {"type": "array", "items": {"$ref": "#/components/schemas/Day"}},
    },
}
NEW_BOOKING = {
    "type": "object",
    "required": ["chef"],
    "properties": {
        "chef": {"type": "integer", "minimum": 1},
        "hours": {"type": "integer", "minimum": 1, "maximum": 12},
        "note": {"anyOf": [{"type": "string", "maxLength": 500}, {"type": "null"}]},
        "kind": {"type": "string", "enum": ["home", "party"]},
        "day": {"type": "string", "format": "date"},
    },
}


def sample_api() -> Document:
    """An API with a list, and something to write."""
    return copy.deepcopy(
        {
            "paths": {
                "/bookings/{id}": {
                    "get": {
                        "parameters": [
                            {"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}},
                            {"in": "query", "name": "page", "schema": {"type": "integer", "maximum": 1000}},
                        ],
                        "responses": {
                            "200": {
                                "content": {
                                    "application/json": {"schema": {"$ref": "#/components/schemas/Booking"}}
                                }
                            },
                            "404": {"content": {}},
                        },
                    }
                },
                "/bookings": {
                    "post": {
                        "requestBody": {
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/NewBooking"}}
                            }
                        },
                        "responses": {"201": {}},
                    }
                },
            },
            "components": {
                "schemas": {
                    "Booking": BOOKING,
                    "NewBooking": NEW_BOOKING,
                    "Day": {
                        "type": "object",
                        "properties": {
                            "date": {"type": "string", "format": "date"},
                            "next": {"$ref": "#/components/schemas/Day"},
                        },
                    },
                }
            },
        }
    )


def read(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["Booking"]
    return found


def sent(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["NewBooking"]
    return found


def get(document: Document) -> Document:
    found: Document = document["paths"]["/bookings/{id}"]["get"]
    return found


def post(document: Document) -> Document:
    found: Document = document["paths"]["/bookings"]["post"]
    return found
