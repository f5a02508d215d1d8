"""The whole product when its parts fail: nothing is lost, nothing is charged for nothing, and it can be tried again."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from local.sagemaker.queue import JobQueue
from tests.e2e.product import Product, missing_tools, until
from tests.model.media_files import Sound, gray_frames, speech_of, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


def test_a_video_that_kills_the_model_server_fails_for_free_and_can_be_tried_again(
    product: Product, sample_bytes: bytes
) -> None:
    developer = product.developer
    before = developer.used
    key = developer.upload(sample_bytes)
    analysis_id = developer.start(key)
    for begun in (1, 2):
        until(partial(has_begun, product, analysis_id, begun))
        product.kill_model_server()
    failed = developer.finished(analysis_id)
    assert failed["status"] == "failed"
    assert failed["error"]["message"]
    assert developer.used == before
    assert developer.start(key) == analysis_id
    again = developer.finished(analysis_id)
    assert (again["status"], again["attempt"]) == ("completed", 2)
    assert developer.used == before + 1


def test_a_lost_notification_is_made_up_for(product: Product, clip: bytes) -> None:
    sns, developer = product.aws("sns"), product.developer
    topic = product.outputs["SuccessTopicArn"]
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    try:
        analysis_id = developer.start(developer.upload(clip))
        until(lambda: bool(product.analyses_started(analysis_id)))
        queue = JobQueue(product.settings.state / "sagemaker.sqlite")
        until(lambda: not queue.all())  # the message was published, to nobody
        assert developer.get(f"/analyses/{analysis_id}")["status"] == "processing"
    finally:
        sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=subscription["Endpoint"],
            Attributes={"RawMessageDelivery": attributes["RawMessageDelivery"]},
        )
    product.expire(analysis_id)
    product.sweep()
    assert developer.finished(analysis_id)["status"] == "completed"


def test_a_file_that_is_no_video_fails_with_the_reason_and_costs_nothing(product: Product, clip: bytes) -> None:
    developer = product.developer
    before = developer.used
    damaged = clip[:64] + bytes(len(clip) // 2)  # begins like a video, and is none
    failed = developer.finished(developer.start(developer.upload(damaged)))
    assert failed["status"] == "failed"
    assert "video" in failed["error"]["message"]
    assert developer.used == before


def has_begun(product: Product, analysis_id: str, times: int) -> bool:
    return product.analyses_started(analysis_id) == times


def test_a_cancelled_analysis_stops_at_once(product: Product, sample: Path, clip: bytes, tmp_path: Path) -> None:
    """The model server is in the middle of minutes of speech; whoever comes next does not wait for the rest."""
    developer = product.developer
    before = developer.used
    speech = np.tile(speech_of(sample, 10.0), 60)  # ten minutes
    video = write(tmp_path / "long.mp4", gray_frames(600.0, rate=1.0), [Sound(speech)])
    analysis_id = developer.start(developer.upload(video.read_bytes()))
    until(lambda: product.analyses_started(analysis_id) == 1)
    cancelled = developer.post(f"/analyses/{analysis_id}/cancel")
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "cancelled")
    until(lambda: '"problem": "cancelled"' in product.settings.log("model-server").read_text())
    assert developer.finished(developer.start(developer.upload(clip)))["status"] == "completed"
    assert developer.used == before + 1
    assert developer.get(f"/analyses/{analysis_id}")["error"]["code"] == "cancelled"
