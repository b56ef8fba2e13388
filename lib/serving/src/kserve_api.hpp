#pragma once

#include <functional>

#include "backend.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/httpd/responder.hpp"

namespace winnow::serving {

// The Open Inference Protocol (KServe v2) over REST with its binary and classification extensions: /v2,
// /v2/health/..., /v2/models/NAME[/versions/N][/ready|/infer]. The input is "images", the pixels [n, size,
// size, 3] in UINT8, or "image", files [n] in BYTES; a raw body is one of the two.
// https://github.com/kserve/open-inference-protocol
class KserveApi {
 public:
  static constexpr const char* kRoot = "/v2";

  // ready: what /v2/health/ready says.
  KserveApi(Backend backend, std::function<bool()> ready) : backend_(backend), ready_(std::move(ready)) {}

  // kRoot and every path below.
  void handle(httpd::Request request, httpd::Responder respond) const;

 private:
  Backend backend_;
  std::function<bool()> ready_;
};

}  // namespace winnow::serving
