import numpy as np
import pytest
from safetensors.numpy import save_file

from hsbench.analysis import weight_space


def clouds(distance, voices=4, utterances=6, dims=8, seed=0):
    """Points around a centre per voice, two clips an utterance: points, voices, utterances, sexes."""
    generator = np.random.default_rng(seed)
    centres = distance * generator.standard_normal((voices, dims))
    coordinates, names, sources = [], [], []
    for voice in range(voices):
        for utterance in range(utterances):
            shared = generator.standard_normal(dims)
            for _ in range(2):
                coordinates.append(centres[voice] + shared + 0.01 * generator.standard_normal(dims))
                names.append(f"v{voice}")
                sources.append(f"v{voice}_{utterance}")
    return np.array(coordinates), names, sources


def files(folder, weights):
    paths = []
    for number, tensors in enumerate(weights):
        paths.append(folder / f"{number}.safetensors")
        save_file(tensors, paths[-1])
    return paths


def test_points_keep_every_distance_of_standardised_weights(tmp_path):
    generator = np.random.default_rng(1)
    weights = [
        {
            "w0": (100 * generator.standard_normal((3, 4))).astype(np.float32),
            "b0": generator.standard_normal(5).astype(np.float32),
            "never": np.full(6, 7, np.float32),
        }
        for _ in range(9)
    ]
    flat = np.stack([np.concatenate([tensors["w0"].ravel(), tensors["b0"]]) for tensors in weights]).astype(np.float64)
    standard = (flat - flat.mean(axis=0)) / flat.std(axis=0)
    coordinates = weight_space.points(files(tmp_path, weights))
    assert coordinates.shape == (9, 8)
    for points in (coordinates, standard):
        np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-9)
    want = np.linalg.norm(standard[:, None] - standard[None], axis=2)
    np.testing.assert_allclose(
        np.linalg.norm(coordinates[:, None] - coordinates[None], axis=2), want, rtol=1e-9, atol=1e-7
    )


def test_equal_weights_span_no_space(tmp_path):
    assert weight_space.points(files(tmp_path, [{"w0": np.ones(3, np.float32)}] * 4)).shape == (4, 0)


def test_accuracy_is_one_for_voices_far_apart_and_low_for_shuffled_labels():
    coordinates, names, sources = clouds(distance=20)
    result = weight_space.accuracy(coordinates, names, sources)
    assert result.share == 1
    assert (result.clips, result.k) == (48, weight_space.NEIGHBOURS)
    assert result.majority == pytest.approx(0.25)
    assert 0.1 < result.chance < 0.35
    assert result.chance < result.chance_high < 0.6


def test_accuracy_is_at_chance_without_structure_although_clips_of_one_utterance_coincide():
    coordinates, names, sources = clouds(distance=0, utterances=20)
    result = weight_space.accuracy(coordinates, names, sources)
    assert abs(result.share - result.chance) < 0.15
    given_away = weight_space.accuracy(coordinates, names, [str(clip) for clip in range(len(names))])
    assert given_away.share > result.share + 0.1, "a clip of the same utterance would give the answer away"


def test_a_shuffle_gives_one_label_to_all_clips_of_a_group():
    generator = np.random.default_rng(3)
    voices = np.repeat(np.arange(4), 12)
    coordinates = np.array([0.0, 10.0, 1000.0, 1010.0])[voices, None] + generator.standard_normal((48, 1))
    result = weight_space.accuracy(
        coordinates, ["F" if voice < 2 else "M" for voice in voices], [str(voice) for voice in voices]
    )
    assert result.share == 1
    assert result.chance == pytest.approx(1 / 3, abs=0.05), "one of the three other voices has the same sex"


def test_the_clips_judged_are_chosen_and_the_rest_remain_neighbours():
    coordinates, names, sources = clouds(distance=20)
    counted = [name == "v0" for name in names]
    result = weight_space.accuracy(coordinates, names, sources, counted)
    assert (result.share, result.clips, result.majority) == (1, 12, 1)


def test_a_voice_with_a_single_utterance_cannot_be_judged():
    coordinates, names, sources = clouds(distance=20, voices=3)
    lonely = np.vstack([coordinates, coordinates[:2] + 50])
    result = weight_space.accuracy(lonely, [*names, "alone", "alone"], [*sources, "alone_1", "alone_1"])
    assert result.clips == len(names)


@pytest.mark.parametrize(
    ("labels", "groups"), [(["a"] * 6, list("abcdef")), (list("aabbcc"), list("aabbcc"))], ids=["one label", "no other"]
)
def test_what_cannot_be_judged_is_none(labels, groups):
    assert weight_space.accuracy(np.random.default_rng(0).standard_normal((6, 3)), labels, groups) is None


@pytest.mark.parametrize(("names", "right"), [("aabca", 1), ("abaca", 0)])
def test_a_tie_goes_to_the_label_of_the_nearest_clip(names, right):
    coordinates = np.array([[0.0], [1.0], [2.5], [4.0], [60.0]])
    result = weight_space.accuracy(coordinates, list(names), list("uvwxy"), [True, False, False, False, False])
    assert (result.k, result.share) == (3, right)


def test_the_majority_outvotes_the_nearest():
    coordinates = np.array([[0.0], [1.0], [2.5], [4.0], [60.0]])
    result = weight_space.accuracy(coordinates, list("abaab"), list("uvwxy"), [True, False, False, False, False])
    assert (result.k, result.share) == (3, 1)


@pytest.mark.parametrize(("utterances", "k"), [(2, 3), (3, 5), (6, 5)])
def test_k_is_smaller_where_a_voice_has_few_clips(utterances, k):
    coordinates, names, sources = clouds(distance=200, utterances=utterances)
    result = weight_space.accuracy(coordinates, names, sources)
    assert (result.k, result.share) == (k, 1)


def test_the_embedding_is_deterministic_and_keeps_voices_together():
    coordinates, names, _ = clouds(distance=30)
    picture = weight_space.embedded(coordinates, weight_space.perplexity_for(len(names)))
    assert picture.shape == (48, 2)
    np.testing.assert_array_equal(picture, weight_space.embedded(coordinates, weight_space.perplexity_for(len(names))))
    assert weight_space.accuracy(picture, names, [str(clip) for clip in range(48)]).share == 1


def test_perplexity_is_smaller_where_clips_are_few():
    assert weight_space.perplexity_for(500) == 30
    assert weight_space.perplexity_for(16) == 5
