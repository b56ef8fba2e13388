// How servers say that what they show is not to be collected or trained on. All functions are thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "winnow/net/http_message.hpp"

namespace winnow::net {

// The first directive of a robots list (X-Robots-Tag, or the content of a robots meta element) that says so:
// noai, noimageai, noindex, noimageindex, noml or none; "" without one. Parts that begin with the name of
// another crawler than `token` ("googlebot: noindex") do not count.
[[nodiscard]] std::string opt_out_directive(std::string_view list, std::string_view token);

// True for a Content-Usage such as "train-ai=n, search=y" (draft-ietf-aipref-attach).
[[nodiscard]] bool forbids_training(std::string_view content_usage);

// The header of an answer that says so, "X-Robots-Tag: noai", or "". It may be X-Robots-Tag, Content-Usage,
// or tdm-reservation (W3C TDM Reservation Protocol).
[[nodiscard]] std::string opt_out(const std::vector<HttpResponse::Header>& headers, std::string_view token);

}  // namespace winnow::net
