"""Messages of ``inference.GRPCInferenceService``, built from the table below as the program runs.

References
----------
Triton Inference Server, ``grpc_service.proto`` and ``model_config.proto``,
https://github.com/triton-inference-server/common (83adf7c).
"""

from functools import cache
from typing import Any

from service.codecs.protobuf import message_classes

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
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
    return _classes()[name]


@cache
def _classes() -> dict[str, Any]:
    return message_classes(PACKAGE, _MESSAGES, {"DataType": {"TYPE_INVALID": 0, **_TYPES}})
