"""Messages of ``inference.GRPCInferenceService``, built from the table below as the program runs.

Generated modules would be bound to the release of protobuf that generated them, and would claim the names of the
public proto in the process's only pool, where Triton's own client claims them too. These live in a pool of their own.

References
----------
Triton Inference Server, ``grpc_service.proto`` and ``model_config.proto``,
https://github.com/triton-inference-server/common (83adf7c).
"""

import re
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
_CHOICE = "parameter_choice"
# Field: name:type=number; * behind the type is repeated, % a map from texts, ? one of the choice.
_MESSAGES = {
    "ServerLiveRequest": "",
    "ServerLiveResponse": "live:bool=1",
    "ServerReadyRequest": "",
    "ServerReadyResponse": "ready:bool=1",
    "ModelReadyRequest": "name:string=1 version:string=2",
    "ModelReadyResponse": "ready:bool=1",
    "ServerMetadataRequest": "",
    "ServerMetadataResponse": "name:string=1 version:string=2 extensions:string*=3",
    "ModelMetadataRequest": "name:string=1 version:string=2",
    "TensorMetadata": "name:string=1 datatype:string=2 shape:int64*=3",
    "ModelMetadataResponse": "name:string=1 versions:string*=2 platform:string=3 inputs:TensorMetadata*=4 "
    "outputs:TensorMetadata*=5",
    "InferParameter": "bool_param:bool?=1 int64_param:int64?=2 string_param:string?=3 double_param:double?=4 "
    "uint64_param:uint64?=5",
    "InferTensorContents": "bool_contents:bool*=1 int_contents:int32*=2 int64_contents:int64*=3 "
    "uint_contents:uint32*=4 uint64_contents:uint64*=5 fp32_contents:float*=6 fp64_contents:double*=7 "
    "bytes_contents:bytes*=8",
    "InferInputTensor": "name:string=1 datatype:string=2 shape:int64*=3 parameters:InferParameter%=4 "
    "contents:InferTensorContents=5",
    "InferRequestedOutputTensor": "name:string=1 parameters:InferParameter%=2",
    "ModelInferRequest": "model_name:string=1 model_version:string=2 id:string=3 parameters:InferParameter%=4 "
    "inputs:InferInputTensor*=5 outputs:InferRequestedOutputTensor*=6 raw_input_contents:bytes*=7",
    "InferOutputTensor": "name:string=1 datatype:string=2 shape:int64*=3 parameters:InferParameter%=4",
    "ModelInferResponse": "model_name:string=1 model_version:string=2 id:string=3 parameters:InferParameter%=4 "
    "outputs:InferOutputTensor*=5 raw_output_contents:bytes*=6",
    "ModelStreamInferResponse": "error_message:string=1 infer_response:ModelInferResponse=2",
    "ModelConfigRequest": "name:string=1 version:string=2",
    "VersionAll": "",
    "ModelVersionPolicy": "all:VersionAll=2",
    "ModelInput": "name:string=1 data_type:DataType=2 dims:int64*=4 optional:bool=8",
    "ModelOutput": "name:string=1 data_type:DataType=2 dims:int64*=3",
    "ModelConfig": "name:string=1 platform:string=2 version_policy:ModelVersionPolicy=3 max_batch_size:int32=4 "
    "input:ModelInput*=5 output:ModelOutput*=6 backend:string=17",
    "ModelConfigResponse": "config:ModelConfig=1",
    "ModelStatisticsRequest": "name:string=1 version:string=2",
    "StatisticDuration": "count:uint64=1 ns:uint64=2",
    "InferStatistics": "success:StatisticDuration=1 fail:StatisticDuration=2 queue:StatisticDuration=3 "
    "compute_input:StatisticDuration=4 compute_infer:StatisticDuration=5 compute_output:StatisticDuration=6 "
    "cache_hit:StatisticDuration=7 cache_miss:StatisticDuration=8",
    "InferBatchStatistics": "",
    "ModelStatistics": "name:string=1 version:string=2 last_inference:uint64=3 inference_count:uint64=4 "
    "execution_count:uint64=5 inference_stats:InferStatistics=6 batch_stats:InferBatchStatistics*=7",
    "ModelStatisticsResponse": "model_stats:ModelStatistics*=1",
    "RepositoryIndexRequest": "repository_name:string=1 ready:bool=2",
    "ModelIndex": "name:string=1 version:string=2 state:string=3 reason:string=4",
    "RepositoryIndexResponse": "models:ModelIndex*=1",
}
_TYPES = {"TYPE_FP32": 11, "TYPE_FP64": 12, "TYPE_INT64": 9, "TYPE_STRING": 13}
_FIELD = re.compile(r"(\w+):(\w+)([*%?]?)=(\d+)")
_Field = descriptor_pb2.FieldDescriptorProto


@cache
def message_type(name: str) -> Any:
    r"""Give the class of a message.

    Parameters
    ----------
    name : str
        As the public proto calls it, without what it is nested in.

    Returns
    -------
    type
        Of protobuf.

    Examples
    --------
    >>> message_type("ServerLiveResponse")(live=True).SerializeToString()
    b'\x08\x01'
    """
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))


@cache
def _pool() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="open_inference.proto", package=PACKAGE, syntax="proto3")
    types = file.enum_type.add(name="DataType")
    for name, number in {"TYPE_INVALID": 0, **_TYPES}.items():
        types.value.add(name=name, number=number)
    for name, text in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, kind, mark, number in _FIELD.findall(text):
            _add(message, field, kind, mark, int(number))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


def _add(message: Any, name: str, kind: str, mark: str, number: int) -> None:
    """Add a field; a map is a repeated message of keys and values, as protobuf defines it."""
    label = _Field.LABEL_REPEATED if mark in ("*", "%") and mark else _Field.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    if mark == "?":
        if not message.oneof_decl:
            message.oneof_decl.add(name=_CHOICE)
        field.oneof_index = 0
    if mark != "%":
        _set_type(field, kind)
        return
    entry = message.nested_type.add(name=f"{name.title()}Entry")
    entry.options.map_entry = True
    _set_type(entry.field.add(name="key", number=1, label=_Field.LABEL_OPTIONAL), "string")
    _set_type(entry.field.add(name="value", number=2, label=_Field.LABEL_OPTIONAL), kind)
    _set_type(field, f"{message.name}.{entry.name}")


def _set_type(field: Any, kind: str) -> None:
    if kind[0].islower():
        field.type = _Field.Type.Value(f"TYPE_{kind.upper()}")
    else:
        field.type = _Field.TYPE_ENUM if kind == "DataType" else _Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{kind}"
