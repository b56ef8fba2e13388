#pragma once

#include "winnow/storage/object_store.hpp"

namespace winnow::storage {

// A store in a folder, which is made if it is not there. An object is one file: its content, then a trailer
// with its size and SHA-256, so that both come and go with one rename. Throws Error{kIo}.
[[nodiscard]] std::unique_ptr<ObjectStore> open_local_store(const std::filesystem::path& folder,
                                                            std::stop_token stop);

}  // namespace winnow::storage
