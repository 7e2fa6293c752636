"""Asks a server for scores with the clients of Triton and KServe, and compares them with those of `dien predict`.

    python clients.py URL MODEL REQUESTS SCORES

REQUESTS has a request of `dien predict` a line, SCORES what `dien predict` answered. Scores must be equal to the bit.
"""

import asyncio
import json
import sys

import numpy as np
import tritonclient.http as triton
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

url, model, requests_path, scores_path = sys.argv[1:]
BATCH = 100
# Fields of users that the log of the shop has, beside the user's own.
USER_FIELDS = ["segment", "age", "gender", "city"]


def texts(values):
    return np.array([str(value).encode() for value in values], dtype=np.object_)


def columns(requests):
    """The samples as columns, by the names of the model's inputs."""
    users = [request["user"] for request in requests]
    return {
        "user": texts(user["user"] for user in users),
        **{f"user.{field}": texts(user[field] for user in users) for field in USER_FIELDS},
        "candidate": texts(request["candidate"] for request in requests),
        "context.device": texts(request["context"]["device"] for request in requests),
        "history": texts(json.dumps(request["history"]) for request in requests),
        "time": texts(request["time"] for request in requests),
    }


def with_numbers(inputs):
    """Ages as the numbers that the metadata ask for; NaN, where there is none."""
    ages = [float(age) if age else np.nan for age in inputs["user.age"]]
    return {**inputs, "user.age": np.array(ages)}


def datatype_of(values):
    return "BYTES" if values.dtype == np.object_ else "FP64"


class Triton:
    def __init__(self):
        self.client = triton.InferenceServerClient(url.removeprefix("http://"))
        assert self.client.is_server_live() and self.client.is_server_ready() and self.client.is_model_ready(model)
        self.metadata = self.client.get_model_metadata(model)
        [self.version] = self.metadata["versions"]
        assert self.client.is_model_ready(model, self.version)

    def scores(self, inputs, binary=True, version="", packing=None):
        sent = []
        for name, values in inputs.items():
            datatype = datatype_of(values)
            sent.append(triton.InferInput(name, values.shape, datatype))
            sent[-1].set_data_from_numpy(values, binary_data=binary)
        outputs = [triton.InferRequestedOutput("probability", binary_data=binary)]
        result = self.client.infer(
            model,
            sent,
            model_version=version,
            outputs=None if version else outputs,
            request_id="7",
            request_compression_algorithm=packing,
            response_compression_algorithm=packing,
        )
        answer = result.get_response()
        assert (answer["model_version"], answer["id"]) == (self.version, "7"), answer
        return result.as_numpy("probability")

    def refuses(self):
        try:
            self.scores({"item": texts(["x"])})
        except triton.InferenceServerException as error:
            assert error.status() == "400" and "no such input" in error.message(), error
        else:
            raise AssertionError("expected a refusal")


async def kserve_scores(inputs, binary):
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(url) and await client.is_server_ready(url)
    assert await client.is_model_ready(url, model)
    sent = []
    for name, values in inputs.items():
        datatype = datatype_of(values)
        sent.append(InferInput(name, list(values.shape), datatype))
        sent[-1].set_data_from_numpy(values, binary_data=binary)
    request = InferRequest(model, sent, parameters={"binary_data_output": binary})
    response = await client.infer(url, request, model_name=model)
    await client.close()
    return response.outputs[0].as_numpy()


def main():
    requests = [json.loads(line) for line in open(requests_path)]
    expected = np.array([json.loads(line)["score"] for line in open(scores_path)])
    peer = Triton()
    compared = 0

    def compare(kind, scores, wanted):
        nonlocal compared
        assert scores.dtype == np.float32 and scores.shape == wanted.shape, (kind, scores.dtype, scores.shape)
        assert np.array_equal(scores.astype(np.float64), wanted), (kind, scores, wanted)
        compared += len(wanted)

    for start in range(0, len(requests), BATCH):
        inputs = columns(requests[start : start + BATCH])
        wanted = expected[start : start + BATCH]
        numbers = with_numbers(inputs)
        compare("triton, binary", peer.scores(numbers), wanted)
        compare("triton, binary, all texts", peer.scores(inputs), wanted)
        compare("triton, a version", peer.scores(numbers, version=peer.version), wanted)
        # The client writes NaN as no JSON has it.
        compare("triton, JSON", peer.scores(inputs, binary=False), wanted)
        for packing in ["gzip", "deflate"]:
            compare(f"triton, {packing}", peer.scores(numbers, packing=packing), wanted)
        column = {name: values.reshape(-1, 1) for name, values in inputs.items()}
        compare("triton, columns", peer.scores(column, binary=False), wanted)
        for binary in [False, True]:
            compare("kserve", asyncio.run(kserve_scores(numbers if binary else inputs, binary)), wanted)
    for request, wanted in zip(requests[:20], expected):
        once = with_numbers(columns([request]))
        once["candidate"] = np.repeat(once["candidate"], 50)
        compare("triton, one user", peer.scores(once), np.repeat(wanted, 50))
    peer.refuses()
    inputs = [(one["name"], one["datatype"], one["shape"]) for one in peer.metadata["inputs"]]
    print(json.dumps({"requests": len(requests), "compared": compared, "inputs": inputs}))


main()
