#pragma once

#include <optional>
#include <semaphore>
#include <string>
#include <string_view>

namespace winnow::jobs {

// Why a password cannot be chosen, for people; nothing if it can. From 8 characters to 256 bytes; which
// characters is nobody's business (NIST SP 800-63B).
[[nodiscard]] std::optional<std::string> password_objection(std::string_view password);

// Argon2id by libsodium with its parameters for interactive use: 64 MiB and 2 passes for each password. Two
// at a time, so that a wave of sign-ins takes neither the memory nor all processors. Thread-safe.
class PasswordHasher {
 public:
  // Throws Error{kUnsupported}, and Error{kIo} if there is no memory, as every function here does.
  PasswordHasher();

  // The text to be kept: it names algorithm, parameters and salt, in at most 127 characters. Throws
  // Error{kUsage} where password_objection() has one.
  [[nodiscard]] std::string hash(std::string_view password);
  // Whether the text was made of this password. Nothing stands for a user who does not exist: it takes as
  // long, so that strangers cannot find out who has an account, and is false. So is what is no such text.
  [[nodiscard]] bool verify(std::string_view password, const std::optional<std::string>& kept);
  // Whether the text was made with other parameters, so that the password is hashed anew when it is there
  // next.
  [[nodiscard]] static bool needs_rehash(const std::string& kept);

 private:
  std::counting_semaphore<> places_{2};
  std::string of_nobody_;
};

}  // namespace winnow::jobs
