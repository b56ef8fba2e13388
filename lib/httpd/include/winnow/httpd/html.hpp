#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace winnow::httpd {

// Markup that is safe to send. It comes into being only by escaping text and by filling our own templates, so
// foreign text (labels, file names) cannot become markup.
class Html {
 public:
  struct Slot;

  Html() = default;

  // For element content and attribute values in double quotes.
  [[nodiscard]] static Html escape(std::string_view text);

  // Replaces every {{name}} by its slot; text is escaped, Html is not. Throws std::logic_error for a name
  // that has no slot.
  [[nodiscard]] static Html fill(std::string_view markup, std::initializer_list<Slot> slots);

  Html& operator+=(const Html& other);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct Html::Slot {
  std::string_view name;
  std::variant<std::string, Html> value;
};

}  // namespace winnow::httpd
