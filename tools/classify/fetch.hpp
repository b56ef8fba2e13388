#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "classify/options.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/core/context.hpp"
#include "winnow/core/error.hpp"

namespace winnow::tools {

// Whether a name is an http or https address.
[[nodiscard]] bool is_address(std::string_view name);

// Fetches pictures that a person named, and nothing else: no robots.txt, which is for programs that wander,
// but addresses of the public internet only, and bounded bytes and time. Each becomes a file below the folder
// that is named as at its end of the address. Failures in the order of the addresses. Throws Error{kIo |
// kCancelled}.
[[nodiscard]] std::vector<Result<std::filesystem::path>> fetch_pictures(
    const std::vector<std::string>& addresses, const std::filesystem::path& folder,
    const ClassifyOptions& options, const Context& context);

// Writes bytes into a folder of their own below this one, under a name with the extension that they should
// have. Throws Error{kIo}.
std::filesystem::path keep_picture(ByteSpan bytes, const std::filesystem::path& folder,
                                   std::string_view name);

}  // namespace winnow::tools
