#pragma once

#include <clocale>

namespace winnow::jobs {

// While it lives, this thread speaks UTF-8: libarchive converts names to the locale's encoding and loses
// those that it cannot express. The locale of the process stays as it is.
class Utf8Locale {
 public:
  Utf8Locale() : before_(locale() == nullptr ? nullptr : uselocale(locale())) {}
  ~Utf8Locale() {
    if (before_ != nullptr) uselocale(before_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t locale() {
    static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return utf8;
  }
  locale_t before_;
};

}  // namespace winnow::jobs
