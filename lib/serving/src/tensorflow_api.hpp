#pragma once

#include "backend.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/httpd/responder.hpp"

namespace winnow::serving {

// The REST interface of TensorFlow Serving: /v1/models/NAME[/versions/N|/labels/LABEL] with :predict,
// :classify, metadata and status. The picture is one input, "image_bytes" (a file in base64), or its pixels
// as numbers. https://www.tensorflow.org/tfx/serving/api_rest
class TensorflowApi {
 public:
  static constexpr const char* kRoot = "/v1/models";  // lists the models, which is ours

  explicit TensorflowApi(Backend backend) : backend_(backend) {}

  // Every path below kRoot.
  void handle(httpd::Request request, httpd::Responder respond) const;

 private:
  Backend backend_;
};

}  // namespace winnow::serving
