"""The data set is the one that its name promises, every time."""

from load import dataset


def test_follows_are_as_many_as_in_the_graph_and_the_same_every_time() -> None:
    pairs = dataset.follows()
    assert len(pairs) == len(set(pairs)) == 18_812
    assert pairs == dataset.follows()
    assert all(follower != followee for follower, followee in pairs)
    assert {user for pair in pairs for user in pair} <= set(range(1, 963))


def test_posts_are_in_the_order_of_their_times_and_the_same_every_time() -> None:
    posts = list(dataset.posts())
    assert [post.id for post in posts] == list(range(1, 20_001))
    assert posts == sorted(posts, key=lambda post: (post.created_at, post.id))
    assert posts[:50] == list(dataset.posts())[:50]
