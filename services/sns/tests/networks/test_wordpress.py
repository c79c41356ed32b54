"""What is particular to WordPress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from fakes.networks.client import Fakes
from services.sns.tests.networks.kit import CREDENTIALS, work
from sns_service.networks.errors import Refused, Unavailable
from sns_service.networks.network import Adapter, Metrics, Published
from sns_service.networks.transport import connect
from sns_service.networks.wordpress import WordPress


async def test_pictures_and_text_of_a_blog_are_escaped(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    blog = work(networks_url, "blog_post", 'a"b.jpg')
    blog.content = "Title <1>\n\nFirst & last\nline"
    await networks["blog"].publish(blog)
    (content,) = await fakes.contents()
    assert content.startswith(f'<figure><img src="{networks_url}/media/a&quot;b.jpg" alt="">')
    assert content.endswith("<p>Title &lt;1&gt;</p><p>First &amp; last<br>line</p>")


@pytest.mark.parametrize("status", ["pending", "draft", "future"])
async def test_what_a_site_keeps_back_is_not_called_published_nor_sent_again(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, status: str
) -> None:
    await fakes.set(kept_as=status)
    post = work(networks_url, "blog_post")
    for ask in (networks["blog"].publish, networks["blog"].find):
        with pytest.raises(Refused, match=f"keeps the post as {status}") as caught:
            await ask(post)
        assert caught.value.may_be_public
    assert len(await fakes.posts()) == 1


@pytest.mark.parametrize("body", [{}, {"code": "none"}, [{}], [{"id": 1}], "none"])
async def test_a_search_that_makes_no_sense_is_not_taken_for_nothing_found(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes, body: Any
) -> None:
    await fakes.fault("wordpress", "status", status=200, body=body)
    with pytest.raises(Unavailable, match="could not be understood"):
        await networks["blog"].find(work(networks_url, "blog_post"))


async def test_a_link_that_is_none_is_left_out(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    body = {"id": 7, "status": "publish", "link": False}
    await fakes.fault("wordpress", "status", status=201, body=body)
    assert await networks["blog"].publish(work(networks_url, "blog_post")) == Published("7", None)


async def test_comments_are_counted_while_the_post_is_there(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    made = await networks["blog"].publish(work(networks_url, "blog_post"))
    await fakes.change("wordpress", made.id, counts={"comments": 3})
    assert await networks["blog"].measure(CREDENTIALS, made.id) == Metrics(comments=3)
    await fakes.change("wordpress", made.id, gone=True)
    assert await networks["blog"].measure(CREDENTIALS, made.id) is None


async def test_passwords_do_not_go_out_in_the_clear(networks_url: str, fakes: Fakes) -> None:
    async with connect(timeout=1, at_a_time=2, guarded=False) as http:
        blog = WordPress(http, default_site=f"{networks_url}/wordpress", encrypted=True)
        with pytest.raises(Refused, match="https") as caught:
            await blog.publish(work(networks_url, "blog_post"))
    assert caught.value.code == "bad_address"
    assert await fakes.requests("wordpress") == 0


async def test_the_longest_post_is_published_and_found_though_its_answer_repeats_it(
    networks: Mapping[str, Adapter], networks_url: str, fakes: Fakes
) -> None:
    post = work(networks_url, "blog_post")
    post.content = "\uac00" * 100_000
    made = await networks["blog"].publish(post)
    assert await networks["blog"].find(post) == made
