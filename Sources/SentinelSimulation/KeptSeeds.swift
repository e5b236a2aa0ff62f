// SPDX-License-Identifier: Apache-2.0

/// Seeds kept because they once showed a defect; Docs/simulation.md says which.
package enum KeptSeeds {
    package static let all: [UInt64] = [
        12, 18, 215, 851, 983, 993, 710_093, 710_386, 711_425, 720_028, 720_280, 731_993, 740_266, 902_128, 1_100_950,
        1_404_596, 310_006_336, 310_009_697, 310_014_324, 320_000_125, 330_003_623, 330_013_964, 330_014_996,
        350_006_678, 370_009_997, 390_003_236, 400_002_842, 410_025_467, 410_044_461, 410_046_812,
    ]
}
