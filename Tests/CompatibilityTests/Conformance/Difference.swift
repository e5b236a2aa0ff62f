// SPDX-License-Identifier: Apache-2.0

/// How our reply differs from the original's: one line for each place, as conversations record it. Empty if it does
/// not.
///
/// Of maps and of lists of words only that is told which is in one of them (and whether the rest is in another order),
/// of other aggregates of the same length the elements that differ, and of all else both.
func difference(here: Reply, there: Reply, at path: String = "") -> [String] {
    if here == there { return [] }
    let place = path.isEmpty ? "" : "\(path) "
    let (ours, theirs) = (here.items, there.items)
    let both = ["\(place)here \(here)", "\(place)there \(there)"].map(inOneLine)
    guard here.isLike(there), !ours.isEmpty, !theirs.isEmpty else { return both }
    if let ours = here.elementsByName, let theirs = there.elementsByName {
        var lines = theirs.filter { name, _ in !ours.contains { $0.name == name } }
            .map { "\(place)lacks \($0.name) \($0.value.summary)" }
        for (name, value) in ours {
            if let other = theirs.first(where: { $0.name == name }) {
                lines += difference(here: value, there: other.value, at: path.isEmpty ? name : "\(path).\(name)")
            } else {
                lines.append("\(place)adds \(name) \(value.summary)")
            }
        }
        let common = (ours.map(\.name).filter { name in theirs.contains { $0.name == name } })
        if common != theirs.map(\.name).filter({ common.contains($0) }) { lines.append("\(place)has another order") }
        return lines.map(inOneLine)
    }
    if max(ours.count, theirs.count) > 1, (ours + theirs).allSatisfy({ $0.text != nil }) {
        var lines = theirs.filter { !ours.contains($0) }.map { "\(place)lacks \($0)" }
        lines += ours.filter { !theirs.contains($0) }.map { "\(place)adds \($0)" }
        if ours.filter({ theirs.contains($0) }) != theirs.filter({ ours.contains($0) }) {
            lines.append("\(place)has another order")
        }
        return lines.map(inOneLine)
    }
    guard ours.count == theirs.count else { return both }
    return ours.indices.flatMap { difference(here: ours[$0], there: theirs[$0], at: "\(path)[\($0)]") }
}

/// Printable, without white space at the end, and not too long for a file that people read.
private func inOneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
        if scalar.value >= 0x20, scalar.value != 0x7F {
            line.unicodeScalars.append(scalar)
        } else {
            line += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        }
    }
    while line.last == " " { line.removeLast() }
    return line.utf8.count <= 300 ? line : "\(line.prefix(280)) ... \(line.utf8.count) bytes"
}

extension Reply {
    /// Whether both are aggregates of the same kind.
    fileprivate func isLike(_ other: Reply) -> Bool {
        switch (self, other) {
        case (.array, .array), (.map, .map), (.set, .set), (.push, .push): true
        default: false
        }
    }

    /// The reply if it is short, else nothing.
    fileprivate var summary: String { description.utf8.count <= 80 ? description : "..." }

    /// The fields of a map (be it a flat array that begins with a name clients know) or the entries of a list by the
    /// name each begins with; `nil` if there are no names, or one comes twice.
    fileprivate var elementsByName: [(name: String, value: Reply)]? {
        var elements: [(name: String, value: Reply)] = []
        if isMap {
            for index in stride(from: 0, to: items.count - 1, by: 2) {
                elements.append((items[index].text ?? "\(items[index])", items[index + 1]))
            }
        } else {
            for item in items {
                guard case .array(let parts) = item, !item.isMap, parts.count > 1, let name = parts[0].text else {
                    return nil
                }
                elements.append((name, item))
            }
        }
        return Set(elements.map(\.name)).count == elements.count ? elements : nil
    }

    private var isMap: Bool {
        if case .map = self { return true }
        return ["name", "argv", "server", "flags", "summary", "count", "INFO-PERIOD"].contains(items.first?.text)
    }
}
