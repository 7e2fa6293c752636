/** What a behaviour of Taobao's data may be: page view, into the cart, favourite, purchase. */
export const TAOBAO_TYPES = ["pv", "cart", "fav", "buy"] as const;
export type TaobaoType = (typeof TAOBAO_TYPES)[number];
