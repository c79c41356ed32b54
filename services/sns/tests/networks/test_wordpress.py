"""What is particular to WordPress."""

from __future__ import annotations

from collections.abc import Mapping

from services.sns.tests.networks.kit import work
from sns_service.networks.network import (
    Network,
)
from tests.networks.client import Fakes


async def test_pictures_and_text_of_a_blog_are_escaped(
    networks: Mapping[str, Network], networks_url: str, fakes: Fakes
) -> None:
    blog = work(networks_url, "blog_post", 'a"b.jpg')
    blog.content = "Title <1>\n\nFirst & last\nline"
    await networks["blog"].publish(blog)
    (content,) = await fakes.contents()
    assert content.startswith(f'<figure><img src="{networks_url}/media/a&quot;b.jpg" alt="">')
    assert content.endswith("<p>Title &lt;1&gt;</p><p>First &amp; last<br>line</p>")
