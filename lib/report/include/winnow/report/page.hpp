// Reports that a person enjoys: one HTML file that opens offline, light and dark, wide and narrow.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "winnow/core/bytes.hpp"

namespace winnow::report {

// Text made safe for HTML content and quoted attributes.
[[nodiscard]] std::string escape(std::string_view text);

// A key figure: "98.2 %", "accuracy on test", "95 % interval 90.1 to 99.7 %".
struct Fact {
  std::string value;
  std::string label;
  std::string detail;  // may be empty
};

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // as many cells as the header has
  std::vector<bool> numeric;                   // right-aligned columns; empty: none
};

struct Picture {
  Bytes jpeg;
  std::string title;    // first line below it
  std::string caption;  // second line; may be empty
  bool alarming = false;
  // Where decisions are taken on the page: the name under which they are saved (empty: none on this one), the
  // label it has, and one to offer first.
  std::string path = {};
  std::string label = {};
  std::string suggested = {};
  Bytes overlay = {};  // a second picture, of equal size, to stand beside the first; may be empty
};

// Pictures that belong together, with a word on what is not shown of them; may be empty.
struct PictureGroup {
  std::vector<Picture> pictures;
  std::string note = {};
};

// All texts are plain text; the page escapes them. Not thread-safe.
class Page {
 public:
  Page(std::string title, std::string subtitle);

  void section(std::string_view heading, std::string_view explanation = {});
  void paragraph(std::string_view text);
  void list(const std::vector<std::string>& items);
  void code(std::string_view text);
  void facts(const std::vector<Fact>& facts);
  void table(const Table& table);
  // What a chart shows, for those who cannot see it and those who want to copy it; folded until opened.
  void numbers(std::string_view summary, const Table& table);
  void pictures(const std::vector<Picture>& pictures);
  // Each in a frame of its own, small ones side by side.
  void picture_groups(const std::vector<PictureGroup>& groups);
  // Lets a person mark the pictures that have a path keep, drop or relabel to one of `labels`, and save that
  // as docs/formats/decisions.md has it. The page then holds a script; it fetches nothing and sends nothing.
  void take_decisions(const std::vector<std::string>& labels);
  // Several of the charts of chart.hpp in a row, each with its caption.
  void charts(const std::vector<std::pair<std::string, std::string>>& svg_and_caption);

  [[nodiscard]] std::string render() const;

 private:
  std::string title_;
  std::string subtitle_;
  std::string body_;
  std::string script_;
};

}  // namespace winnow::report
