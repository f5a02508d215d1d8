"""Failures of the product's parts: no analysis is lost, failures are not charged, and retries succeed."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from local.sagemaker.queue import JobQueue
from tests.e2e.product import Product, missing_tools, wait_until
from tests.model.media_files import Sound, gray_frames, speech_of, write

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


def test_an_analysis_that_kills_the_model_server_is_not_charged_and_can_be_retried(
    product: Product, sample_bytes: bytes
) -> None:
    developer = product.developer
    before = developer.used
    key = developer.upload(sample_bytes)
    analysis_id = developer.start(key)
    for starts in (1, 2):
        wait_until(partial(has_started, product, analysis_id, starts))
        product.kill_model_server()
    failed = developer.wait_for_analysis(analysis_id)
    assert failed["status"] == "failed"
    assert failed["error"]["message"]
    assert developer.used == before
    assert developer.start(key) == analysis_id
    retried = developer.wait_for_analysis(analysis_id)
    assert (retried["status"], retried["attempt"]) == ("completed", 2)
    assert developer.used == before + 1


def test_the_sweeper_recovers_a_lost_notification(product: Product, clip: bytes) -> None:
    sns, developer = product.aws("sns"), product.developer
    topic = product.outputs["SuccessTopicArn"]
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])["Attributes"]
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    try:
        analysis_id = developer.start(developer.upload(clip))
        wait_until(lambda: bool(product.analyses_started(analysis_id)))
        queue = JobQueue(product.settings.state / "sagemaker.sqlite")
        wait_until(lambda: not queue.all())  # the notification was published without subscribers
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
    assert developer.wait_for_analysis(analysis_id)["status"] == "completed"


def test_a_damaged_file_fails_with_a_reason_and_is_not_charged(product: Product, clip: bytes) -> None:
    developer = product.developer
    before = developer.used
    damaged = clip[:64] + bytes(len(clip) // 2)  # starts like a video
    failed = developer.wait_for_analysis(developer.start(developer.upload(damaged)))
    assert failed["status"] == "failed"
    assert "video" in failed["error"]["message"]
    assert developer.used == before


def has_started(product: Product, analysis_id: str, times: int) -> bool:
    """Return True if the model server has started an analysis exactly this many times."""
    return product.analyses_started(analysis_id) == times


def test_a_cancelled_analysis_stops_immediately(product: Product, sample: Path, clip: bytes, tmp_path: Path) -> None:
    """The model server drops the rest of a long video, so that the next analysis need not wait."""
    developer = product.developer
    before = developer.used
    speech = np.tile(speech_of(sample, 10.0), 60)  # ten minutes
    video = write(tmp_path / "long.mp4", gray_frames(600.0, rate=1.0), [Sound(speech)])
    analysis_id = developer.start(developer.upload(video.read_bytes()))
    wait_until(lambda: product.analyses_started(analysis_id) == 1)
    cancelled = developer.post(f"/analyses/{analysis_id}/cancel")
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "cancelled")
    wait_until(lambda: '"problem": "cancelled"' in product.settings.log("model-server").read_text())
    assert developer.wait_for_analysis(developer.start(developer.upload(clip)))["status"] == "completed"
    assert developer.used == before + 1
    assert developer.get(f"/analyses/{analysis_id}")["error"]["code"] == "cancelled"
