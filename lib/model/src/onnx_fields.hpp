// Field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3, by message.
#pragma once

namespace winnow::model {

namespace model_field {
inline constexpr int kIrVersion = 1, kProducerName = 2, kProducerVersion = 3, kGraph = 7, kOpsetImport = 8,
                     kMetadata = 14;
}
namespace opset_field {
inline constexpr int kDomain = 1, kVersion = 2;
}
namespace entry_field {
inline constexpr int kKey = 1, kValue = 2;
}
namespace graph_field {
inline constexpr int kNode = 1, kName = 2, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace node_field {
inline constexpr int kInput = 1, kOutput = 2, kName = 3, kOpType = 4, kAttribute = 5;
}
namespace attribute_field {
inline constexpr int kName = 1, kFloat = 2, kInt = 3, kInts = 8, kType = 20;
inline constexpr int kTypeFloat = 1, kTypeInt = 2, kTypeInts = 7;
}  // namespace attribute_field
namespace tensor_field {
inline constexpr int kDims = 1, kDataType = 2, kName = 8, kRawData = 9;
}
namespace value_field {
inline constexpr int kName = 1, kType = 2;
}
namespace type_field {
inline constexpr int kTensor = 1;
}
namespace tensor_type_field {
inline constexpr int kElement = 1, kShape = 2;
}
namespace shape_field {
inline constexpr int kDimension = 1;
}
namespace dimension_field {
inline constexpr int kValue = 1, kName = 2;
}

}  // namespace winnow::model
